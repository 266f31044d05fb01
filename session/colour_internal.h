/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The arithmetic shared by the plain and the vector rows, which give the same bytes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Luma: ((sum of weight * byte + 128) >> 8) + 16, with 219/255 * 256 in the weights. */
#define GS_LUMA_R 47
#define GS_LUMA_G 157
#define GS_LUMA_B 16

/* Chroma: weights of 224/255 * 2^15 on sums of eight pixels, so the shift is 18. */
#define GS_CHROMA_SHIFT 18
#define GS_CHROMA_BIAS ((128 << GS_CHROMA_SHIFT) + (1 << (GS_CHROMA_SHIFT - 1)))
#define GS_CB_R (-3298)
#define GS_CB_G (-11094)
#define GS_CB_B 14392
#define GS_CR_R 14392
#define GS_CR_G (-13073)
#define GS_CR_B (-1319)

/* n pixels of src to n bytes. The vector forms do a multiple of 32 pixels and return how many. */
size_t gs_colour_luma_avx2(const uint8_t *src, bool rgba, size_t n, uint8_t *dst);
/* n pixels of two rows to n / 2 pairs. left: the offset in bytes, 0 or -4, of the pixel that counts
 * as the left neighbour of the first. */
size_t gs_colour_chroma_avx2(const uint8_t *row0, const uint8_t *row1, ptrdiff_t left, bool rgba,
                             size_t n, uint8_t *dst);
