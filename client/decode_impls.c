/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/decode_impls.h"

#include <stddef.h>

const struct gs_decoder_impl *const gs_decoder_impls[] = {
    &gs_decoder_vaapi, &gs_decoder_software, &gs_decoder_openh264, &gs_decoder_null, NULL,
};
