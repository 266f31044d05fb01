/* SPDX-License-Identifier: GPL-2.0-or-later */
/* H.264 levels (ITU-T H.264, table A-1). Pure. */
#pragma once

#include "encoder/encoder.h"

/* The least level_idc for the size, the frame rate, and kept pictures that may be referred to.
 * Encoders left to themselves reckon with the ceiling of the rate too, and name a level that
 * decoders refuse. */
int gs_h264_level(const struct gs_encoder_params *p, uint32_t kept);
