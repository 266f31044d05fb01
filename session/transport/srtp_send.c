/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "common/bytes.h"
#include "common/clock.h"
#include "common/rtp.h"
#include "common/srtp.h"
#include "session/transport/packetize.h"
#include "session/transport/srtp_internal.h"

/* How long one frame may wait for room in the socket's buffer on its way to the first receiver;
 * what finds none is dropped and can still be asked for again. */
#define SEND_WAIT_MS 4
/* So many packets go to the first receiver before the others get theirs: nearly always the whole
 * frame, and few enough to be still in the ring then. */
#define TURN (GS_RETRANSMIT_PACKETS / 2)

/* Offsets in an RTP packet. */
#define RTP_SEQ 2
#define RTP_TIMESTAMP 4
#define RTP_END 12

struct receiver {
    struct gs_srtp_stream *stream;
    struct gs_udp_peer peer;
    uint16_t seq; /* of the next packet */
    bool jammed;
};

/* A frame on its way. */
struct sending {
    struct gs_packetizer pk;
    struct gs_rtp_packet header;
    struct gs_frame_trace *trace;
    unsigned n;
    struct receiver to[GS_VIEWERS_MAX];
    uint32_t first; /* index */
    uint32_t octets;
    uint64_t bytes;
};

uint32_t gs_srtp_timestamp(uint64_t ns)
{
    return (uint32_t)(ns * (GS_RTP_CLOCK_HZ / 10000) / 100000);
}

/* ---- one packet for one receiver ---- */

static void address_packet(const struct gs_srtp_stream *s, uint16_t seq, uint8_t *packet)
{
    struct gs_reader r;
    struct gs_writer w;
    uint32_t timestamp;

    gs_reader_init(&r, packet + RTP_TIMESTAMP, 4);
    timestamp = s->timestamp_base + gs_read_u32(&r);
    gs_writer_init(&w, packet + RTP_SEQ, RTP_END - RTP_SEQ);
    gs_write_u16(&w, seq);
    gs_write_u32(&w, timestamp);
    gs_write_u32(&w, s->ssrc);
}

size_t gs_srtp_stream_packet(struct gs_srtp_transport *t, struct gs_srtp_stream *s, uint32_t index,
                             uint16_t seq, uint8_t out[GS_RETRANSMIT_PACKET_SIZE])
{
    size_t size = gs_retransmit_copy(t->ring, (uint16_t)index, out);
    int err;

    if (size < RTP_END)
        return 0;
    address_packet(s, seq, out);
    pthread_mutex_lock(&s->protect_lock);
    err = gs_srtp_protect(s->rtp_out, out, &size);
    pthread_mutex_unlock(&s->protect_lock);
    return err ? 0 : size;
}

/* ---- a frame for all ---- */

/* send_lock and lock are held. */
static void add_receiver(struct gs_srtp_transport *t, struct gs_srtp_stream *s, bool keyframe,
                         struct sending *f)
{
    if (!s->peer.size || (s->need_keyframe && !keyframe))
        return;
    s->need_keyframe = false;
    /* It missed some: its numbers go on without a gap, and what was before can't be asked for. */
    if (s->next != t->next_index)
        s->since = s->next = t->next_index;
    f->to[f->n++] = (struct receiver){.stream = s, .peer = s->peer, .seq = s->next_seq};
}

static void find_receivers(struct gs_srtp_transport *t, bool keyframe, struct sending *f)
{
    pthread_mutex_lock(&t->lock);
    for (unsigned i = 0; i < t->n_streams; i++)
        if (t->streams[i]->base.first)
            add_receiver(t, t->streams[i], keyframe, f);
    for (unsigned i = 0; i < t->n_streams; i++)
        if (!t->streams[i]->base.first)
            add_receiver(t, t->streams[i], keyframe, f);
    f->first = t->next_index;
    if (!f->n)
        t->dropped_frames++;
    pthread_mutex_unlock(&t->lock);
}

/* Cuts up to GS_UDP_BATCH packets of the frame and puts them into the ring; returns how many. */
static unsigned cut_batch(struct gs_srtp_transport *t, struct sending *f, uint32_t index)
{
    unsigned n = 0;

    for (; n < GS_UDP_BATCH && !f->pk.done; n++, index++) {
        uint8_t *out = gs_retransmit_slot(t->ring, (uint16_t)index, f->trace->first_packet);
        size_t size;

        f->header.marker = f->header.has_stages = f->pk.last;
        if (f->pk.last) {
            f->trace->last_packet = gs_now_ns();
            gs_rtp_stages_from_trace(f->trace, f->header.stages);
        }
        size = gs_rtp_write_header(&f->header, out);
        f->header.payload_size = gs_packetizer_write(&f->pk, out + size);
        f->octets += (uint32_t)f->header.payload_size;
        f->bytes += size + f->header.payload_size;
        gs_retransmit_publish(t->ring, (uint16_t)index, size + f->header.payload_size);
    }
    return n;
}

/* A batch to one receiver. Only the first one is waited for, and no more once it is jammed. */
static int deliver(struct gs_srtp_transport *t, struct receiver *to, uint32_t index, unsigned n,
                   bool first)
{
    struct gs_srtp_stream *s = to->stream;
    struct iovec batch[GS_UDP_BATCH];
    unsigned ready = 0, sent;

    for (unsigned i = 0; i < n; i++) {
        uint16_t seq = (uint16_t)(to->seq + i);
        size_t size = gs_srtp_stream_packet(t, s, index + i, seq, t->scratch[ready]);

        if (!size)
            continue;
        batch[ready] = (struct iovec){t->scratch[ready], size};
        ready++;
    }
    sent = gs_udp_send(&t->udp, &to->peer, batch, ready, first && !to->jammed ? SEND_WAIT_MS : 0);
    to->jammed |= sent < ready;
    to->seq = (uint16_t)(to->seq + n);
    pthread_mutex_lock(&t->lock);
    if (first)
        t->next_index = index + n;
    s->next = index + n;
    s->next_seq = to->seq;
    s->packets += n;
    s->dropped += n - sent;
    pthread_mutex_unlock(&t->lock);
    return ready == n ? 0 : -EBADMSG;
}

/* What the first receiver has got since index `first` goes to the others. */
static int deliver_others(struct gs_srtp_transport *t, struct sending *f, uint32_t first,
                          uint32_t end)
{
    int err = 0;

    for (unsigned i = 1; i < f->n; i++) {
        for (uint32_t at = first; at != end;) {
            unsigned n = GS_MIN(end - at, GS_UDP_BATCH);
            int ret = deliver(t, &f->to[i], at, n, false);

            err = err ? err : ret;
            at += n;
        }
    }
    return err;
}

static void end_frame(struct gs_srtp_transport *t, struct sending *f)
{
    uint64_t now = gs_now_ns();

    pthread_mutex_lock(&t->lock);
    for (unsigned i = 0; i < f->n; i++) {
        struct gs_srtp_stream *s = f->to[i].stream;

        s->octets += f->octets;
        s->bytes += f->bytes;
        s->last_sent = now;
        gs_feedback_frame_sent(t, s, now);
    }
    pthread_mutex_unlock(&t->lock);
}

static int send_frame(struct gs_srtp_transport *t, struct sending *f)
{
    uint32_t done = f->first, index = f->first;
    int err = 0;

    if (f->pk.done)
        return -EINVAL;
    while (!f->pk.done) {
        unsigned n = cut_batch(t, f, index);
        int ret = deliver(t, &f->to[0], index, n, true);

        err = err ? err : ret;
        index += n;
        if (!f->pk.done && index - done < TURN)
            continue;
        ret = deliver_others(t, f, done, index);
        err = err ? err : ret;
        done = index;
    }
    end_frame(t, f);
    return err;
}

int gs_srtp_transport_send(struct gs_transport *base, const struct gs_packet *packet,
                           struct gs_frame_trace *trace)
{
    struct gs_srtp_transport *t = (struct gs_srtp_transport *)base;
    struct sending f = {.trace = trace,
                        .header = {
                            .payload_type = GS_RTP_PAYLOAD_TYPE,
                            .timestamp = gs_srtp_timestamp(trace->commit),
                            .has_frame = true,
                            .frame_id = trace->frame_id,
                            .input_id = trace->input_id,
                            .capture_us = trace->commit / GS_NS_PER_US,
                        }};
    int err = 0;

    trace->first_packet = trace->last_packet = gs_now_ns();
    gs_packetizer_init(&f.pk, packet->data, packet->size);
    pthread_mutex_lock(&t->send_lock);
    find_receivers(t, packet->keyframe, &f);
    if (f.n)
        err = send_frame(t, &f);
    pthread_mutex_unlock(&t->send_lock);
    return err;
}
