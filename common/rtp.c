/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/rtp.h"

#include <errno.h>
#include <string.h>

#include "common/bytes.h"

#define VERSION 2
#define FIXED_HEADER 12
#define ONE_BYTE_PROFILE 0xBEDE
#define EXT_FRAME_SIZE 16
#define EXT_STAGES_SIZE (2 * GS_RTP_STAGES)

static size_t extension_words(const struct gs_rtp_packet *p)
{
    size_t bytes =
        (p->has_frame ? 1 + EXT_FRAME_SIZE : 0) + (p->has_stages ? 1 + EXT_STAGES_SIZE : 0);

    return (bytes + 3) / 4;
}

static void write_extensions(const struct gs_rtp_packet *p, size_t words, struct gs_writer *w)
{
    size_t end;

    gs_write_u16(w, ONE_BYTE_PROFILE);
    gs_write_u16(w, (uint16_t)words);
    end = w->pos + 4 * words;
    if (p->has_frame) {
        gs_write_u8(w, GS_RTP_EXT_FRAME << 4 | (EXT_FRAME_SIZE - 1));
        gs_write_u32(w, p->frame_id);
        gs_write_u64(w, p->capture_us);
        gs_write_u32(w, p->input_id);
    }
    if (p->has_stages) {
        gs_write_u8(w, GS_RTP_EXT_STAGES << 4 | (EXT_STAGES_SIZE - 1));
        for (unsigned i = 0; i < GS_RTP_STAGES; i++)
            gs_write_u16(w, p->stages[i]);
    }
    while (w->pos < end)
        gs_write_u8(w, 0);
}

size_t gs_rtp_write_header(const struct gs_rtp_packet *p, uint8_t *out)
{
    size_t words = extension_words(p);
    struct gs_writer w;

    gs_writer_init(&w, out, GS_RTP_MAX_HEADER);
    gs_write_u8(&w, VERSION << 6 | (words ? 0x10 : 0));
    gs_write_u8(&w, (uint8_t)((p->marker ? 0x80 : 0) | (p->payload_type & 0x7f)));
    gs_write_u16(&w, p->seq);
    gs_write_u32(&w, p->timestamp);
    gs_write_u32(&w, p->ssrc);
    if (words)
        write_extensions(p, words, &w);
    return w.pos;
}

static void parse_element(unsigned id, const uint8_t *data, size_t size, struct gs_rtp_packet *p)
{
    struct gs_reader r;

    gs_reader_init(&r, data, size);
    if (id == GS_RTP_EXT_FRAME && size == EXT_FRAME_SIZE) {
        p->has_frame = true;
        p->frame_id = gs_read_u32(&r);
        p->capture_us = gs_read_u64(&r);
        p->input_id = gs_read_u32(&r);
    } else if (id == GS_RTP_EXT_STAGES && size == EXT_STAGES_SIZE) {
        p->has_stages = true;
        for (unsigned i = 0; i < GS_RTP_STAGES; i++)
            p->stages[i] = gs_read_u16(&r);
    }
}

/* RFC 8285, 4.2. */
static int parse_elements(const uint8_t *data, size_t size, struct gs_rtp_packet *p)
{
    size_t pos = 0;

    while (pos < size) {
        unsigned id = data[pos] >> 4;
        size_t length = (data[pos] & 0x0fu) + 1;

        if (data[pos++] == 0)
            continue;
        if (id == 15)
            break;
        if (length > size - pos)
            return -EBADMSG;
        parse_element(id, data + pos, length, p);
        pos += length;
    }
    return 0;
}

static int parse_extension(struct gs_reader *r, struct gs_rtp_packet *p)
{
    uint16_t profile = gs_read_u16(r);
    size_t size = 4 * (size_t)gs_read_u16(r);
    const uint8_t *data = gs_read_bytes(r, size);

    if (r->overrun)
        return -EBADMSG;
    return profile == ONE_BYTE_PROFILE ? parse_elements(data, size, p) : 0;
}

int gs_rtp_parse(const void *data, size_t size, struct gs_rtp_packet *ret)
{
    struct gs_rtp_packet p = {0};
    struct gs_reader r;
    uint8_t first, second;

    gs_reader_init(&r, data, size);
    first = gs_read_u8(&r);
    second = gs_read_u8(&r);
    p.seq = gs_read_u16(&r);
    p.timestamp = gs_read_u32(&r);
    p.ssrc = gs_read_u32(&r);
    gs_read_bytes(&r, 4 * (first & 0x0fu));
    if (r.overrun || first >> 6 != VERSION)
        return -EBADMSG;
    p.marker = second & 0x80;
    p.payload_type = second & 0x7f;
    if (first & 0x10 && parse_extension(&r, &p) < 0)
        return -EBADMSG;
    p.payload_size = gs_reader_left(&r);
    if (first & 0x20) {
        size_t padding = p.payload_size ? ((const uint8_t *)data)[size - 1] : 0;

        if (!padding || padding > p.payload_size)
            return -EBADMSG;
        p.payload_size -= padding;
    }
    p.payload = (const uint8_t *)data + r.pos;
    *ret = p;
    return 0;
}

void gs_rtp_stages_from_trace(const struct gs_frame_trace *t, uint16_t stages[GS_RTP_STAGES])
{
    const uint64_t times[GS_RTP_STAGES] = {
        t->grant,      t->convert_start, t->convert_end, t->encode_start,
        t->encode_end, t->first_packet,  t->last_packet,
    };

    for (unsigned i = 0; i < GS_RTP_STAGES; i++) {
        uint64_t units = times[i] > t->commit ? (times[i] - t->commit) / 10000 : 0;

        stages[i] = (uint16_t)GS_MIN(units, UINT16_MAX);
    }
}

uint64_t gs_rtp_extend_seq(uint64_t highest, uint16_t seq)
{
    int16_t delta = (int16_t)(uint16_t)(seq - (uint16_t)highest);

    if (delta < 0 && highest < (uint64_t)-delta)
        return seq;
    return highest + (uint64_t)(int64_t)delta;
}
