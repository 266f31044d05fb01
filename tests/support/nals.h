/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Access units of random NAL units, for what carries them and does not look inside. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Appends a start code and a NAL unit of that type, size bytes with its header. */
void gs_test_add_nal(GByteArray *au, GRand *rand, uint8_t type, size_t size);
/* Key frame: SPS, PPS, SEI, IDR slices; otherwise slices. About size bytes. Free with
 * g_byte_array_unref. */
GByteArray *gs_test_access_unit(GRand *rand, bool keyframe, size_t size);
