/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The encoders that were built in, for the registry in encoder.c, and how they say no. */
#pragma once

#include "common/macros.h"
#include "encoder/encoder.h"

extern const struct gs_encoder_impl gs_encoder_nvenc; /* nvenc.c: NVIDIA, over libavcodec */
extern const struct gs_encoder_impl gs_encoder_vaapi; /* vaapi.c: Intel and AMD, over libavcodec */
extern const struct gs_encoder_impl gs_encoder_x264;  /* x264.c: software */
extern const struct gs_encoder_impl gs_encoder_null;  /* null.c: no codec, for load tests */

/* For open: why it fails, a sentence for the log and the client. Before the return of an error, on
 * the same thread; the last one counts. */
void gs_encoder_refuse(const char *fmt, ...) GS_PRINTF(1, 2);
