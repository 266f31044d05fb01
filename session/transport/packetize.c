/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/transport/packetize.h"

#include <assert.h>
#include <string.h>

enum {
    TYPE_MAX_SINGLE = 23,
    TYPE_STAP_A = 24,
    TYPE_FU_A = 28,
};

#define NRI_MASK 0x60
#define TYPE_MASK 0x1f
#define FU_START 0x80
#define FU_END 0x40
#define FU_MAX_FRAGMENT (GS_PACKETIZER_MAX_PAYLOAD - 2)

static void look_ahead(struct gs_packetizer *pk)
{
    do
        pk->have_ahead = gs_h264_next_nal(pk->data, pk->size, &pk->pos, &pk->ahead);
    while (pk->have_ahead && (!pk->ahead.type || pk->ahead.type > TYPE_MAX_SINGLE));
}

/* Chooses the NAL units of the next packet. */
static void plan(struct gs_packetizer *pk)
{
    size_t size = 1; /* as a STAP-A */

    pk->n_nals = 0;
    pk->offset = 0;
    pk->done = !pk->have_ahead;
    while (pk->have_ahead && pk->n_nals < GS_PACKETIZER_MAX_AGGREGATED) {
        size += 2 + pk->ahead.size;
        if (pk->n_nals && size > GS_PACKETIZER_MAX_PAYLOAD)
            break;
        pk->nals[pk->n_nals++] = pk->ahead;
        look_ahead(pk);
        if (size > GS_PACKETIZER_MAX_PAYLOAD)
            break;
    }
    pk->last = !pk->have_ahead && pk->n_nals && pk->nals[0].size <= GS_PACKETIZER_MAX_PAYLOAD;
}

void gs_packetizer_init(struct gs_packetizer *pk, const uint8_t *data, size_t size)
{
    *pk = (struct gs_packetizer){.data = data, .size = size};
    look_ahead(pk);
    plan(pk);
}

static size_t write_aggregate(struct gs_packetizer *pk, uint8_t *out)
{
    uint8_t nri = 0;
    size_t n = 1;

    for (unsigned i = 0; i < pk->n_nals; i++) {
        const struct gs_nal *nal = &pk->nals[i];

        nri = GS_MAX(nri, nal->data[0] & NRI_MASK);
        out[n++] = (uint8_t)(nal->size >> 8);
        out[n++] = (uint8_t)nal->size;
        memcpy(out + n, nal->data, nal->size);
        n += nal->size;
    }
    out[0] = nri | TYPE_STAP_A;
    return n;
}

static size_t write_fragment(struct gs_packetizer *pk, uint8_t *out)
{
    const struct gs_nal *nal = &pk->nals[0];
    /* The NAL unit's own header travels in the two bytes of every fragment instead. */
    bool start = pk->offset == 0;
    size_t from = start ? 1 : pk->offset;
    size_t n = GS_MIN(nal->size - from, FU_MAX_FRAGMENT);
    bool end = from + n == nal->size;

    out[0] = (nal->data[0] & NRI_MASK) | TYPE_FU_A;
    out[1] = (uint8_t)((start ? FU_START : 0) | (end ? FU_END : 0) | (nal->data[0] & TYPE_MASK));
    memcpy(out + 2, nal->data + from, n);
    pk->offset = from + n;
    return n + 2;
}

size_t gs_packetizer_write(struct gs_packetizer *pk, uint8_t *out)
{
    const struct gs_nal *nal = &pk->nals[0];
    size_t n;

    assert(!pk->done);
    if (nal->size > GS_PACKETIZER_MAX_PAYLOAD) {
        n = write_fragment(pk, out);
        if (pk->offset < nal->size) {
            pk->last = !pk->have_ahead && nal->size - pk->offset <= FU_MAX_FRAGMENT;
            return n;
        }
    } else if (pk->n_nals > 1) {
        n = write_aggregate(pk, out);
    } else {
        n = nal->size;
        memcpy(out, nal->data, n);
    }
    plan(pk);
    return n;
}
