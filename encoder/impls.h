/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The encoders that were built in, for the registry in encoder.c, and how they say no. */
#pragma once

#include "common/macros.h"
#include "encoder/encoder.h"

/* hardware.c: they load a module, and what they open is the module's. */
extern const struct gs_encoder_impl gs_encoder_nvenc;
extern const struct gs_encoder_impl gs_encoder_vaapi;
extern const struct gs_encoder_impl gs_encoder_x264; /* x264.c: software */
extern const struct gs_encoder_impl gs_encoder_null; /* null.c: no codec, for load tests */

/* For open: why it fails, a sentence for the log and the client. Before the return of an error, on
 * the same thread; the last one counts. */
void gs_encoder_refuse(const char *fmt, ...) GS_PRINTF(1, 2);
/* "" when nothing was said since it was forgotten. */
const char *gs_encoder_refusal(void);
void gs_encoder_forget_refusal(void);
