/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The decoders that were built in, for the registry in decode_impls.c. */
#pragma once

#include "client/decode.h"

/* decode_libav.c: they load the module, which has the real ones. */
extern const struct gs_decoder_impl gs_decoder_vaapi, gs_decoder_software;
extern const struct gs_decoder_impl gs_decoder_openh264; /* decode_openh264.c */
extern const struct gs_decoder_impl gs_decoder_null;     /* decode_null.c: black, no codec */
