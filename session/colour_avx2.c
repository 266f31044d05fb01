/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compiled for AVX2; called only where the processor has it. */
#include <immintrin.h>

#include "session/colour_internal.h"

static __m256i load(const uint8_t *p)
{
    return _mm256_loadu_si256((const __m256i *)p);
}

/* Undoes the interleaving by 128-bit lanes of two rounds of packing. */
static __m256i in_order(__m256i packed)
{
    return _mm256_permutevar8x32_epi32(packed, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

/* Weighted sums of 8 pixels as 16 halves. The products of maddubs need one signed factor: pixels
 * are taken as value - 128, and luma_bytes adds the difference again. */
static __m256i luma_halves(const uint8_t *p, __m256i weights)
{
    return _mm256_maddubs_epi16(weights, _mm256_xor_si256(load(p), _mm256_set1_epi8(-128)));
}

static __m256i luma_words(__m256i a, __m256i b)
{
    const int bias = (GS_LUMA_R + GS_LUMA_G + GS_LUMA_B) * 128 + 128 + (16 << 8);
    __m256i sum = _mm256_add_epi16(_mm256_hadd_epi16(a, b), _mm256_set1_epi16((short)bias));

    return _mm256_srli_epi16(sum, 8);
}

size_t gs_colour_luma_avx2(const uint8_t *src, bool rgba, size_t n, uint8_t *dst)
{
    uint32_t first = rgba ? GS_LUMA_R : GS_LUMA_B;
    uint32_t third = rgba ? GS_LUMA_B : GS_LUMA_R;
    const __m256i weights =
        _mm256_set1_epi32((int)(first | (uint32_t)GS_LUMA_G << 8 | third << 16));
    size_t i;

    for (i = 0; i + 32 <= n; i += 32) {
        const uint8_t *p = src + 4 * i;
        __m256i low = luma_words(luma_halves(p, weights), luma_halves(p + 32, weights));
        __m256i high = luma_words(luma_halves(p + 64, weights), luma_halves(p + 96, weights));

        _mm256_storeu_si256((__m256i *)(dst + i), in_order(_mm256_packus_epi16(low, high)));
    }
    return i;
}

struct chroma {
    __m256i cb, cr; /* weights */
    __m256i odd;    /* sums of the odd pixels last done; the last is the next left neighbour */
};

static __m256i weights(int16_t first, int16_t second, int16_t third)
{
    return _mm256_broadcastq_epi64(_mm_setr_epi16(first, second, third, 0, 0, 0, 0, 0));
}

static struct chroma chroma_start(const uint8_t *left0, const uint8_t *left1, bool rgba)
{
    int16_t sums[4];

    for (int i = 0; i < 4; i++)
        sums[i] = (int16_t)(left0[i] + left1[i]);
    return (struct chroma){
        .cb = rgba ? weights(GS_CB_R, GS_CB_G, GS_CB_B) : weights(GS_CB_B, GS_CB_G, GS_CB_R),
        .cr = rgba ? weights(GS_CR_R, GS_CR_G, GS_CR_B) : weights(GS_CR_B, GS_CR_G, GS_CR_R),
        .odd = _mm256_broadcastq_epi64(_mm_loadl_epi64((const __m128i *)sums)),
    };
}

/* 8 pixels of two rows to 4 pairs of 32-bit values; 0 to 3 in one lane, 4 to 7 in the other, which
 * the carrying of the left neighbour has to cross. */
static __m256i chroma_pairs(struct chroma *c, const uint8_t *row0, const uint8_t *row1)
{
    /* The first pixel of two gets weight 2, the second 1. */
    const __m256i taps = _mm256_setr_epi8(2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2,
                                          2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1);
    __m256i a = load(row0), b = load(row1);
    __m256i low = _mm256_maddubs_epi16(_mm256_unpacklo_epi8(a, b), taps);
    __m256i high = _mm256_maddubs_epi16(_mm256_unpackhi_epi8(a, b), taps);
    __m256i even = _mm256_unpacklo_epi64(low, high);
    __m256i odd = _mm256_unpackhi_epi64(low, high);
    __m256i across = _mm256_permute2x128_si256(c->odd, odd, 0x21);
    __m256i left = _mm256_alignr_epi8(odd, across, 8);
    __m256i sum = _mm256_add_epi16(_mm256_add_epi16(even, odd), left);
    __m256i both = _mm256_hadd_epi32(_mm256_madd_epi16(sum, c->cb), _mm256_madd_epi16(sum, c->cr));

    c->odd = odd;
    both = _mm256_add_epi32(both, _mm256_set1_epi32(GS_CHROMA_BIAS));
    return _mm256_shuffle_epi32(_mm256_srai_epi32(both, GS_CHROMA_SHIFT), 0xd8);
}

size_t gs_colour_chroma_avx2(const uint8_t *row0, const uint8_t *row1, ptrdiff_t left, bool rgba,
                             size_t n, uint8_t *dst)
{
    struct chroma c;
    size_t i;

    if (n < 32)
        return 0;
    c = chroma_start(row0 + left, row1 + left, rgba);
    for (i = 0; i + 32 <= n; i += 32) {
        const uint8_t *p = row0 + 4 * i, *q = row1 + 4 * i;
        __m256i p0 = chroma_pairs(&c, p, q);
        __m256i p1 = chroma_pairs(&c, p + 32, q + 32);
        __m256i p2 = chroma_pairs(&c, p + 64, q + 64);
        __m256i p3 = chroma_pairs(&c, p + 96, q + 96);
        __m256i low = _mm256_packs_epi32(p0, p1), high = _mm256_packs_epi32(p2, p3);

        _mm256_storeu_si256((__m256i *)(dst + i), in_order(_mm256_packus_epi16(low, high)));
    }
    return i;
}
