/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A sender, a network and the assembler. Each byte of the input is a step: a frame is sent, and its
 * packets are lost, held back, doubled, or asked for again. Whatever the assembler delivers is a
 * frame as it was sent, later than the one before, and the first is a key frame. */
#include <glib.h>
#include <string.h>

#include "client/receive/assemble.h"
#include "common/clock.h"
#include "session/transport/packetize.h"
#include "tests/fuzz/fuzz.h"

#define MAX_PACKETS 1024
#define MAX_FRAMES 64

struct sent {
    struct gs_rtp_packet header;
    uint8_t payload[GS_PACKETIZER_MAX_PAYLOAD];
};

struct net {
    struct gs_assembler *as;
    uint64_t now;
    uint16_t first_seq;
    uint32_t first_id;
    struct sent *packets;
    unsigned n_packets;
    GByteArray *frames[MAX_FRAMES];
    bool keyframe[MAX_FRAMES];
    unsigned n_frames;
    int last; /* index of the last delivered frame, -1: none */
};

static void take(void *user, const struct gs_access_unit *au)
{
    struct net *net = user;
    uint32_t i = au->info.frame_id - net->first_id;
    int before = net->last;

    assert(i < net->n_frames && (int)i > net->last);
    assert(au->size == net->frames[i]->len);
    assert(memcmp(au->data, net->frames[i]->data, au->size) == 0);
    assert(au->keyframe == net->keyframe[i]);
    assert(au->keyframe || (before >= 0 && (int)i == before + 1 && !au->discontinuity));
    assert(au->info.first_packet <= au->info.complete && au->info.complete <= net->now);
    net->last = (int)i;
}

static void add_nal(GByteArray *au, uint8_t header, size_t size, uint8_t fill)
{
    const uint8_t begin[] = {0, 0, 0, 1, header};
    size_t at = au->len + sizeof(begin);

    g_byte_array_append(au, begin, sizeof(begin));
    g_byte_array_set_size(au, (guint)(at + size));
    memset(au->data + at, fill | 1, size);
}

/* Sends nothing yet: its packets wait in net->packets. */
static void make_frame(struct net *net, bool keyframe, unsigned size)
{
    uint32_t i = net->n_frames++;
    GByteArray *au = net->frames[i] = g_byte_array_new();
    struct gs_packetizer pk;

    if (keyframe) {
        add_nal(au, 0x67, 20, (uint8_t)i);
        add_nal(au, 0x68, 4, (uint8_t)i);
    }
    add_nal(au, keyframe ? 0x65 : 0x41, 2 + size, (uint8_t)(i + size));
    net->keyframe[i] = keyframe;
    gs_packetizer_init(&pk, au->data, au->len);
    while (!pk.done && net->n_packets < MAX_PACKETS) {
        struct sent *p = &net->packets[net->n_packets];

        p->header = (struct gs_rtp_packet){
            .marker = pk.last,
            .seq = (uint16_t)(net->first_seq + net->n_packets++),
            .has_frame = true,
            .frame_id = net->first_id + i,
            .has_stages = pk.last,
        };
        p->header.payload_size = gs_packetizer_write(&pk, p->payload);
        p->header.payload = p->payload;
    }
}

static void arrive(struct net *net, unsigned i)
{
    if (i < net->n_packets)
        gs_assembler_push(net->as, &net->packets[i].header, net->now);
}

/* How each packet from `from` on fares is read from the input. */
static void send(struct net *net, unsigned from, struct gs_reader *r)
{
    for (unsigned i = from; i < net->n_packets; i++) {
        uint8_t fate = gs_reader_left(r) ? gs_read_u8(r) : 0;

        if (fate >= 0xf0)
            continue; /* lost */
        if (fate >= 0xe0)
            arrive(net, i + 1 + (fate & 7)); /* a later one overtakes it */
        arrive(net, i);
        if (fate >= 0xd0)
            arrive(net, i - (fate & 7)); /* a copy */
        net->now += fate & 3 ? 0 : GS_NS_PER_MS / 4;
    }
}

static void poll_it(struct net *net, bool answer)
{
    struct gs_assembler_wish wish;

    gs_assembler_poll(net->as, net->now, &wish);
    assert(wish.n_nacks <= GS_RTCP_MAX_NACKS);
    assert(wish.next > net->now || wish.n_nacks == GS_RTCP_MAX_NACKS); /* more is to be asked for */
    for (unsigned i = 0; answer && i < wish.n_nacks; i++)
        arrive(net, (uint16_t)(wish.nacks[i] - net->first_seq));
}

static void step(struct net *net, struct gs_reader *r)
{
    uint8_t op = gs_read_u8(r);
    struct gs_assembler_report report;
    unsigned from = net->n_packets;

    switch (op & 7) {
    case 0:
    case 1:
    case 2:
        if (net->n_frames == MAX_FRAMES || net->n_packets > MAX_PACKETS - 100)
            break;
        make_frame(net, op & 8, (op & 7) == 2 ? 40u * op : op);
        send(net, from, r);
        break;
    case 3:
        poll_it(net, true);
        break;
    case 4:
        poll_it(net, false);
        break;
    case 5:
        net->now += (uint64_t)(op >> 3) * 5 * GS_NS_PER_MS;
        break;
    case 6:
        if (op & 8)
            gs_assembler_request_keyframe(net->as, net->now);
        else
            gs_assembler_set_rtt(net->as, (uint64_t)(op >> 4) * 20 * GS_NS_PER_MS);
        break;
    default:
        gs_assembler_report(net->as, &report);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct gs_receiver_listener listener = {.access_unit = take};
    struct net net = {.now = GS_NS_PER_S, .last = -1};
    struct gs_receiver_stats stats = {0};
    struct gs_reader r;

    gs_reader_init(&r, data, size);
    net.first_seq = gs_read_u16(&r);
    net.first_id = gs_read_u16(&r) - 32768u;
    net.packets = g_new0(struct sent, MAX_PACKETS);
    net.as = gs_assembler_create(&listener, &net, net.now);
    while (gs_reader_left(&r))
        step(&net, &r);
    gs_assembler_get_stats(net.as, &stats);
    assert(stats.frames + stats.frames_lost <= net.n_frames);
    gs_assembler_destroy(net.as);
    for (unsigned i = 0; i < net.n_frames; i++)
        g_byte_array_unref(net.frames[i]);
    g_free(net.packets);
    return 0;
}
