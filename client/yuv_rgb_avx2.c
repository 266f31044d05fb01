/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The arithmetic of yuv_rgb.c, sixteen pixels at a time. Values are in 1/64; sums that are too
 * large for 16 bits saturate, which is far above white. */
#include "client/yuv_rgb_internal.h"

#include "common/macros.h"

#ifdef __x86_64__
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))

bool gs_yuv_have_avx2(void)
{
    return __builtin_cpu_supports("avx2");
}

/* Bytes less offset, in 1/128. */
AVX2 static __m256i widen(__m128i bytes, int offset)
{
    return _mm256_slli_epi16(
        _mm256_sub_epi16(_mm256_cvtepu8_epi16(bytes), _mm256_set1_epi16((short)offset)), 7);
}

AVX2 static __m256i times(__m256i v, int16_t factor)
{
    return _mm256_mulhrs_epi16(v, _mm256_set1_epi16(factor));
}

/* Each sample for two pixels. */
AVX2 static void load_chroma(const struct gs_yuv_row *row, uint32_t x, __m256i *u, __m256i *v)
{
    const __m128i even = _mm_setr_epi8(0, 0, 2, 2, 4, 4, 6, 6, 8, 8, 10, 10, 12, 12, 14, 14);
    __m128i bu, bv;

    if (row->nv12) {
        __m128i both = _mm_loadu_si128((const __m128i *)(row->u + x));

        bu = _mm_shuffle_epi8(both, even);
        bv = _mm_shuffle_epi8(_mm_srli_epi16(both, 8), even);
    } else {
        bu = _mm_loadl_epi64((const __m128i *)(row->u + x / 2));
        bv = _mm_loadl_epi64((const __m128i *)(row->v + x / 2));
        bu = _mm_unpacklo_epi8(bu, bu);
        bv = _mm_unpacklo_epi8(bv, bv);
    }
    *u = widen(bu, 128);
    *v = widen(bv, 128);
}

AVX2 static __m256i round_off(__m256i v)
{
    return _mm256_srai_epi16(_mm256_adds_epi16(v, _mm256_set1_epi16(32)), 6);
}

AVX2 static void store(uint8_t *out, __m256i b, __m256i g, __m256i r)
{
    __m256i br = _mm256_packus_epi16(b, r);
    __m256i ga = _mm256_packus_epi16(g, _mm256_set1_epi16(255));
    __m256i bg = _mm256_unpacklo_epi8(br, ga), ra = _mm256_unpackhi_epi8(br, ga);
    __m256i low = _mm256_unpacklo_epi16(bg, ra), high = _mm256_unpackhi_epi16(bg, ra);

    _mm256_storeu_si256((__m256i *)out, _mm256_permute2x128_si256(low, high, 0x20));
    _mm256_storeu_si256((__m256i *)(out + 32), _mm256_permute2x128_si256(low, high, 0x31));
}

AVX2 uint32_t gs_yuv_row_avx2(const struct gs_yuv_matrix *m, const struct gs_yuv_row *row,
                              uint8_t *bgra, uint32_t width)
{
    uint32_t x = 0;

    for (; x + 16 <= width; x += 16) {
        __m128i y = _mm_loadu_si128((const __m128i *)(row->y + x));
        __m256i luma = times(widen(y, m->luma_offset), m->luma), u, v, b, g, r;

        load_chroma(row, x, &u, &v);
        b = _mm256_adds_epi16(_mm256_adds_epi16(luma, _mm256_srai_epi16(u, 1)),
                              times(u, m->blue_u));
        g = _mm256_subs_epi16(_mm256_subs_epi16(luma, times(u, m->green_u)), times(v, m->green_v));
        r = _mm256_adds_epi16(luma, times(v, m->red_v));
        store(bgra + (size_t)x * 4, round_off(b), round_off(g), round_off(r));
    }
    return x;
}

#else

bool gs_yuv_have_avx2(void)
{
    return false;
}

uint32_t gs_yuv_row_avx2(const struct gs_yuv_matrix *m GS_UNUSED,
                         const struct gs_yuv_row *row GS_UNUSED, uint8_t *bgra GS_UNUSED,
                         uint32_t width GS_UNUSED)
{
    return 0;
}

#endif
