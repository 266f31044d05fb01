/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The encoders that were built in, for the registry in encoder.c. */
#pragma once

#include "encoder/encoder.h"

extern const struct gs_encoder_impl gs_encoder_x264; /* x264.c: software */
extern const struct gs_encoder_impl gs_encoder_null; /* null.c: no codec, for load tests */
