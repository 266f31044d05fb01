/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the module "libav" offers: the decoders that use libavcodec. */
#pragma once

#include "client/decode.h"

struct gs_libav_module {
    const struct gs_decoder_impl *vaapi, *software;
};
