/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/rtcp.h"

#include <errno.h>
#include <string.h>

#include "common/bytes.h"

#define VERSION 2

enum packet_type {
    PT_SR = 200,
    PT_RR = 201,
    PT_SDES = 202,
    PT_BYE = 203,
    PT_RTPFB = 205,
    PT_PSFB = 206,
};

#define FMT_NACK 1 /* of RTPFB; RFC 4585, 6.2.1 */
#define FMT_PLI 1  /* of PSFB; RFC 4585, 6.3.1 */
#define SDES_CNAME 1

/* count: report count, source count or format. Returns where the length is patched by end(). */
static size_t begin(struct gs_writer *w, unsigned count, enum packet_type type)
{
    size_t start = w->pos;

    gs_write_u8(w, (uint8_t)(VERSION << 6 | count));
    gs_write_u8(w, (uint8_t)type);
    gs_write_u16(w, 0);
    return start;
}

static void end(struct gs_writer *w, size_t start)
{
    size_t words = (w->pos - start) / 4 - 1;

    if (w->overrun)
        return;
    w->data[start + 2] = (uint8_t)(words >> 8);
    w->data[start + 3] = (uint8_t)words;
}

static void write_report_block(const struct gs_rtcp_report_block *b, struct gs_writer *w)
{
    int32_t lost = GS_CLAMP(b->cumulative_lost, -0x800000, 0x7fffff);

    gs_write_u32(w, b->ssrc);
    gs_write_u32(w, (uint32_t)b->fraction_lost << 24 | ((uint32_t)lost & 0xffffff));
    gs_write_u32(w, b->highest_seq);
    gs_write_u32(w, b->jitter);
    gs_write_u32(w, b->last_sr);
    gs_write_u32(w, b->delay_since_sr);
}

static void write_report(const struct gs_rtcp *rtcp, struct gs_writer *w)
{
    size_t start = begin(w, rtcp->has_report ? 1 : 0, rtcp->has_sr ? PT_SR : PT_RR);

    gs_write_u32(w, rtcp->sender_ssrc);
    if (rtcp->has_sr) {
        gs_write_u64(w, rtcp->sr.ntp);
        gs_write_u32(w, rtcp->sr.rtp_timestamp);
        gs_write_u32(w, rtcp->sr.packets);
        gs_write_u32(w, rtcp->sr.octets);
    }
    if (rtcp->has_report)
        write_report_block(&rtcp->report, w);
    end(w, start);
}

static void write_sdes(const struct gs_rtcp *rtcp, const char *cname, struct gs_writer *w)
{
    size_t length = strnlen(cname, 255);
    size_t start = begin(w, 1, PT_SDES);

    gs_write_u32(w, rtcp->sender_ssrc);
    gs_write_u8(w, SDES_CNAME);
    gs_write_u8(w, (uint8_t)length);
    gs_write_bytes(w, cname, length);
    /* At least one zero ends the list of items. */
    do
        gs_write_u8(w, 0);
    while (!w->overrun && (w->pos - start) % 4);
    end(w, start);
}

static void write_nacks(const struct gs_rtcp *rtcp, struct gs_writer *w)
{
    size_t start = begin(w, FMT_NACK, PT_RTPFB);
    unsigned i = 0;

    gs_write_u32(w, rtcp->sender_ssrc);
    gs_write_u32(w, rtcp->media_ssrc);
    while (i < rtcp->n_nacks) {
        uint16_t pid = rtcp->nacks[i++], mask = 0;

        for (; i < rtcp->n_nacks; i++) {
            uint16_t distance = (uint16_t)(rtcp->nacks[i] - pid - 1);

            if (distance >= 16)
                break;
            mask |= (uint16_t)(1u << distance);
        }
        gs_write_u16(w, pid);
        gs_write_u16(w, mask);
    }
    end(w, start);
}

static void write_pli(const struct gs_rtcp *rtcp, struct gs_writer *w)
{
    size_t start = begin(w, FMT_PLI, PT_PSFB);

    gs_write_u32(w, rtcp->sender_ssrc);
    gs_write_u32(w, rtcp->media_ssrc);
    end(w, start);
}

static void write_bye(const struct gs_rtcp *rtcp, struct gs_writer *w)
{
    size_t start = begin(w, 1, PT_BYE);

    gs_write_u32(w, rtcp->sender_ssrc);
    end(w, start);
}

int gs_rtcp_write(const struct gs_rtcp *rtcp, const char *cname, uint8_t *out, size_t size)
{
    struct gs_writer w;

    gs_writer_init(&w, out, size);
    write_report(rtcp, &w);
    write_sdes(rtcp, cname, &w);
    if (rtcp->n_nacks)
        write_nacks(rtcp, &w);
    if (rtcp->pli)
        write_pli(rtcp, &w);
    if (rtcp->bye)
        write_bye(rtcp, &w);
    return w.overrun ? -EMSGSIZE : (int)w.pos;
}

static void parse_report_block(struct gs_reader *r, struct gs_rtcp_report_block *b)
{
    uint32_t lost;

    b->ssrc = gs_read_u32(r);
    lost = gs_read_u32(r);
    b->fraction_lost = (uint8_t)(lost >> 24);
    b->cumulative_lost = (int32_t)(lost & 0xffffff);
    if (lost & 0x800000)
        b->cumulative_lost -= 0x1000000;
    b->highest_seq = gs_read_u32(r);
    b->jitter = gs_read_u32(r);
    b->last_sr = gs_read_u32(r);
    b->delay_since_sr = gs_read_u32(r);
}

static void parse_report(struct gs_reader *r, unsigned count, bool sr, struct gs_rtcp *rtcp)
{
    rtcp->sender_ssrc = gs_read_u32(r);
    if (sr) {
        rtcp->has_sr = true;
        rtcp->sr.ntp = gs_read_u64(r);
        rtcp->sr.rtp_timestamp = gs_read_u32(r);
        rtcp->sr.packets = gs_read_u32(r);
        rtcp->sr.octets = gs_read_u32(r);
    }
    if (count) {
        rtcp->has_report = true;
        parse_report_block(r, &rtcp->report);
    }
}

static void add_nack(struct gs_rtcp *rtcp, uint16_t seq)
{
    if (rtcp->n_nacks < GS_RTCP_MAX_NACKS)
        rtcp->nacks[rtcp->n_nacks++] = seq;
}

static void parse_nacks(struct gs_reader *r, struct gs_rtcp *rtcp)
{
    while (gs_reader_left(r) >= 4) {
        uint16_t pid = gs_read_u16(r), mask = gs_read_u16(r);

        add_nack(rtcp, pid);
        for (unsigned i = 0; i < 16; i++)
            if (mask & 1u << i)
                add_nack(rtcp, (uint16_t)(pid + 1 + i));
    }
}

static void parse_feedback(struct gs_reader *r, unsigned type, unsigned format,
                           struct gs_rtcp *rtcp)
{
    rtcp->sender_ssrc = gs_read_u32(r);
    rtcp->media_ssrc = gs_read_u32(r);
    if (type == PT_RTPFB && format == FMT_NACK)
        parse_nacks(r, rtcp);
    else if (type == PT_PSFB && format == FMT_PLI)
        rtcp->pli = true;
}

/* Reads one packet of the compound; body excludes the header and the padding. */
static int parse_packet(unsigned count, unsigned type, const uint8_t *body, size_t size,
                        struct gs_rtcp *rtcp)
{
    struct gs_reader r;

    gs_reader_init(&r, body, size);
    if (type == PT_SR || type == PT_RR) {
        parse_report(&r, count, type == PT_SR, rtcp);
    } else if (type == PT_RTPFB || type == PT_PSFB) {
        parse_feedback(&r, type, count, rtcp);
    } else if (type == PT_BYE) {
        rtcp->bye = true;
        gs_read_bytes(&r, 4 * count);
    }
    return r.overrun ? -EBADMSG : 0;
}

int gs_rtcp_parse(const void *data, size_t size, struct gs_rtcp *ret)
{
    struct gs_rtcp rtcp = {0};
    struct gs_reader r;

    gs_reader_init(&r, data, size);
    do {
        uint8_t first = gs_read_u8(&r), type = gs_read_u8(&r);
        size_t length = 4 * (size_t)gs_read_u16(&r);
        const uint8_t *body = gs_read_bytes(&r, length);

        if (r.overrun || first >> 6 != VERSION)
            return -EBADMSG;
        if (first & 0x20) {
            /* Padding: only of the last packet (RFC 3550, 6.4.1). */
            size_t padding = length ? body[length - 1] : 0;

            if (!padding || padding > length || gs_reader_left(&r))
                return -EBADMSG;
            length -= padding;
        }
        if (parse_packet(first & 0x1f, type, body, length, &rtcp) < 0)
            return -EBADMSG;
    } while (gs_reader_left(&r));
    *ret = rtcp;
    return 0;
}

bool gs_rtcp_is_rtcp(const void *data, size_t size)
{
    const uint8_t *p = data;

    return size >= 2 && p[0] >> 6 == VERSION && p[1] >= 192 && p[1] <= 223;
}
