/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The decoders that were built in, for the registry in decode.c. */
#pragma once

#include "client/decode.h"

extern const struct gs_decoder_impl gs_decoder_software; /* decode_software.c: libavcodec */
extern const struct gs_decoder_impl gs_decoder_null;     /* decode_null.c: black, no codec */
