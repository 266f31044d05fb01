/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "encoder/headers.h"

#include <errno.h>
#include <string.h>

#include "encoder/h264.h"

static const uint8_t start_code[] = {0, 0, 0, 1};

static void append(GByteArray *array, const uint8_t *nal, size_t size)
{
    g_byte_array_append(array, start_code, sizeof(start_code));
    g_byte_array_append(array, nal, (guint)size);
}

static int append_sps(GByteArray *array, const struct gs_nal *nal, bool *complete)
{
    uint8_t completed[GS_H264_SPS_MAX];
    struct gs_h264_sps sps;
    int size;

    if (gs_h264_parse_sps(nal->data, nal->size, &sps) < 0)
        return -EPROTO;
    *complete = gs_h264_sps_tells_all(&sps);
    if (*complete) {
        append(array, nal->data, nal->size);
        return 0;
    }
    size = gs_h264_complete_sps(nal->data, nal->size, completed, sizeof(completed));
    if (size < 0)
        return -EPROTO;
    append(array, completed, (size_t)size);
    return 0;
}

/* What a packet begins with, before its SEI and slices. */
struct beginning {
    GByteArray *sets; /* NULL: none in it */
    size_t rest;      /* offset of the first unit that is no parameter set or delimiter */
    bool as_it_should_be;
};

static int read_beginning(const struct gs_packet *pkt, struct beginning *ret)
{
    bool complete = false;
    struct gs_nal nal;
    size_t pos = 0, at = 0;
    int err = 0;

    *ret = (struct beginning){.rest = pkt->size, .as_it_should_be = true};
    while (!err && gs_h264_next_nal(pkt->data, pkt->size, &pos, &nal)) {
        if (nal.type != GS_NAL_AUD && nal.type != GS_NAL_SPS && nal.type != GS_NAL_PPS) {
            ret->rest = at;
            break;
        }
        at = pos;
        if (nal.type == GS_NAL_AUD) {
            ret->as_it_should_be = false;
            continue;
        }
        if (!ret->sets)
            ret->sets = g_byte_array_new();
        if (nal.type == GS_NAL_SPS)
            err = append_sps(ret->sets, &nal, &complete);
        else
            append(ret->sets, nal.data, nal.size);
    }
    ret->as_it_should_be = ret->as_it_should_be && complete;
    return err;
}

static void make_packet(struct gs_headers *h, size_t rest, struct gs_packet *pkt)
{
    if (!h->packet)
        h->packet = g_byte_array_new();
    g_byte_array_set_size(h->packet, 0);
    g_byte_array_append(h->packet, h->sets->data, h->sets->len);
    g_byte_array_append(h->packet, pkt->data + rest, (guint)(pkt->size - rest));
    pkt->data = h->packet->data;
    pkt->size = h->packet->len;
}

int gs_headers_apply(struct gs_headers *h, struct gs_packet *pkt)
{
    struct beginning begin;
    int err;

    if (!pkt->keyframe)
        return 0;
    err = read_beginning(pkt, &begin);
    if (!err && begin.sets) {
        if (h->sets)
            g_byte_array_unref(h->sets);
        h->sets = g_steal_pointer(&begin.sets);
    }
    if (begin.sets)
        g_byte_array_unref(begin.sets);
    if (err || !h->sets)
        return -EPROTO;
    if (!begin.as_it_should_be)
        make_packet(h, begin.rest, pkt);
    return 0;
}

void gs_headers_finish(struct gs_headers *h)
{
    if (h->sets)
        g_byte_array_unref(h->sets);
    if (h->packet)
        g_byte_array_unref(h->packet);
    *h = (struct gs_headers){0};
}
