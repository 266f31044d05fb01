/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Encodes nothing, for load tests: Annex B of the right shape, with real parameter sets (64×64),
 * whose slices hold a frame counter and filler up to the rate. No decoder can decode it. */
#include <glib.h>
#include <string.h>

#include "encoder/h264.h"
#include "encoder/impls.h"

#define DEFAULT_SIZE 4096

/* 64×64 Constrained Baseline, BT.709 limited, no reordering; made with x264. */
static const uint8_t headers[] = {0x00, 0x00, 0x00, 0x01, 0x67, 0x42, 0xc0, 0x0a, 0xda, 0x10,
                                  0x9b, 0x01, 0x6a, 0x02, 0x02, 0x02, 0x80, 0x00, 0x00, 0x03,
                                  0x00, 0x80, 0x00, 0x00, 0x3c, 0x47, 0x89, 0x13, 0x50, 0x00,
                                  0x00, 0x00, 0x01, 0x68, 0xce, 0x0f, 0xc8};

struct null_encoder {
    struct gs_encoder base;
    uint8_t *data; /* headers, then the slice: a P picture leaves the headers out */
    size_t capacity;
    size_t slice_size;
    uint32_t counter;
};

static size_t slice_size(const struct gs_encoder_params *p)
{
    uint64_t bytes = p->max_kbps ? (uint64_t)p->max_kbps * 125 / p->fps : DEFAULT_SIZE;

    return GS_MAX(bytes, 16);
}

static int null_set_rate(struct gs_encoder *base, uint32_t max_kbps)
{
    struct null_encoder *enc = (struct null_encoder *)base;
    struct gs_encoder_params p = base->params;

    p.max_kbps = max_kbps;
    enc->slice_size = slice_size(&p);
    if (sizeof(headers) + enc->slice_size <= enc->capacity)
        return 0;
    enc->capacity = sizeof(headers) + enc->slice_size;
    enc->data = g_realloc(enc->data, enc->capacity);
    memcpy(enc->data, headers, sizeof(headers));
    memset(enc->data + sizeof(headers), 0xff, enc->slice_size);
    return 0;
}

static int null_open(const struct gs_encoder_params *p, struct gs_encoder **ret)
{
    struct null_encoder *enc = g_new0(struct null_encoder, 1);

    enc->base.impl = &gs_encoder_null;
    enc->base.params = *p;
    *ret = &enc->base;
    return null_set_rate(&enc->base, p->max_kbps);
}

static int null_encode(struct gs_encoder *base, const struct gs_nv12 *pic GS_UNUSED,
                       const struct gs_encode_options *options, struct gs_packet *ret)
{
    struct null_encoder *enc = (struct null_encoder *)base;
    uint8_t *slice = enc->data + sizeof(headers);

    memcpy(slice, (uint8_t[]){0, 0, 0, 1}, 4);
    slice[4] = options->idr ? 0x60 | GS_NAL_IDR : 0x60 | GS_NAL_SLICE;
    /* A nibble a byte, so that no start code can arise. */
    for (int i = 0; i < 8; i++)
        slice[5 + i] = 0x80 | (enc->counter >> (28 - 4 * i) & 15);
    enc->counter++;
    *ret = (struct gs_packet){slice, enc->slice_size, options->idr, 0};
    if (options->idr)
        *ret = (struct gs_packet){enc->data, sizeof(headers) + enc->slice_size, options->idr, 0};
    return 0;
}

static int null_set_effort(struct gs_encoder *base GS_UNUSED, uint32_t effort GS_UNUSED)
{
    return 0;
}

static void null_close(struct gs_encoder *base)
{
    struct null_encoder *enc = (struct null_encoder *)base;

    if (enc)
        g_free(enc->data);
    g_free(enc);
}

const struct gs_encoder_impl gs_encoder_null = {
    .name = "null",
    .open = null_open,
    .encode = null_encode,
    .set_effort = null_set_effort,
    .set_rate = null_set_rate,
    .close = null_close,
};
