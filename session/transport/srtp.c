/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/srtp.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/rtp.h"
#include "session/transport/packetize.h"
#include "session/transport/srtp_internal.h"

/* How long one frame may wait for room in the socket's buffer; what finds none is dropped and can
 * still be asked for again. */
#define SEND_WAIT_MS 4

static struct gs_srtp_transport *from_base(struct gs_transport *t)
{
    return (struct gs_srtp_transport *)t;
}

uint32_t gs_srtp_transport_timestamp(const struct gs_srtp_transport *t, uint64_t ns)
{
    return t->timestamp_base + (uint32_t)(ns * (GS_RTP_CLOCK_HZ / 10000) / 100000);
}

static int srtp_open(const struct gs_transport_params *p, struct gs_transport **ret)
{
    struct gs_udp udp;
    int err = gs_udp_open(p->bind_address, p->udp_first, p->udp_last, &udp);
    struct gs_srtp_transport *t;

    if (err < 0)
        return err;
    t = g_new0(struct gs_srtp_transport, 1);
    t->base.params = *p;
    t->udp = udp;
    t->base.udp_port = udp.port;
    t->ring = gs_retransmit_create();
    pthread_mutex_init(&t->send_lock, NULL);
    pthread_mutex_init(&t->lock, NULL);
    gs_feedback_start(t);
    *ret = &t->base;
    return 0;
}

static void end_stream(struct gs_srtp_transport *t)
{
    if (!t->attached)
        return;
    gs_feedback_reset(t);
    pthread_mutex_lock(&t->send_lock);
    gs_srtp_destroy(g_steal_pointer(&t->rtp_out));
    pthread_mutex_unlock(&t->send_lock);
    gs_srtp_destroy(g_steal_pointer(&t->rtcp_out));
    gs_srtp_destroy(g_steal_pointer(&t->rtcp_in));
    t->attached = false;
    gs_debug("srtp: %" G_GUINT32_FORMAT " packets, %" G_GUINT64_FORMAT
             " sent again, %" G_GUINT64_FORMAT " dropped, %" G_GUINT64_FORMAT " foreign datagrams",
             t->packets, t->resent, t->dropped, t->rejected);
}

static void srtp_close(struct gs_transport *base)
{
    struct gs_srtp_transport *t = from_base(base);

    end_stream(t);
    gs_feedback_stop(t);
    gs_udp_close(&t->udp);
    gs_retransmit_destroy(t->ring);
    pthread_mutex_destroy(&t->send_lock);
    pthread_mutex_destroy(&t->lock);
    g_free(t);
}

struct secrets {
    uint8_t host_key[GS_SRTP_KEY_SIZE], client_key[GS_SRTP_KEY_SIZE];
    uint32_t ssrc, client_ssrc, timestamp_base;
    uint16_t seq;
};

static int choose_secrets(struct secrets *s)
{
    do {
        if (getrandom(s, sizeof(*s), 0) != sizeof(*s))
            return -EIO;
    } while (!s->ssrc || !s->client_ssrc || s->ssrc == s->client_ssrc);
    /* In the lower half, so that the receiver's guess of the rollover counter is right from the
     * first packet it sees (RFC 3711, 3.3.1). */
    s->seq &= 0x7fff;
    return 0;
}

static void begin_stream(struct gs_srtp_transport *t, const struct secrets *s,
                         struct gs_srtp *rtp_out)
{
    t->ssrc = s->ssrc;
    t->client_ssrc = s->client_ssrc;
    t->rejected = t->resent = 0;
    gs_retransmit_reset(t->ring);
    pthread_mutex_lock(&t->send_lock);
    t->rtp_out = rtp_out;
    t->next_seq = s->seq;
    t->timestamp_base = s->timestamp_base;
    pthread_mutex_lock(&t->lock);
    t->packets = t->octets = 0;
    t->dropped = 0;
    t->counters.lost += t->lost;
    t->lost = 0;
    t->last_sent = 0;
    pthread_mutex_unlock(&t->lock);
    pthread_mutex_unlock(&t->send_lock);
    t->attached = true;
}

static int srtp_attach(struct gs_transport *base, struct gs_welcome *welcome)
{
    struct gs_srtp_transport *t = from_base(base);
    struct gs_srtp *rtp_out = NULL;
    struct secrets s;
    int err;

    end_stream(t);
    err = choose_secrets(&s);
    if (!err)
        err = gs_srtp_create(s.host_key, s.ssrc, GS_SRTP_SEND, &rtp_out);
    if (!err)
        err = gs_srtp_create(s.host_key, s.ssrc, GS_SRTP_SEND, &t->rtcp_out);
    if (!err)
        err = gs_srtp_create(s.client_key, s.client_ssrc, GS_SRTP_RECEIVE, &t->rtcp_in);
    if (err) {
        gs_srtp_destroy(rtp_out);
        gs_srtp_destroy(g_steal_pointer(&t->rtcp_out));
        return err;
    }
    begin_stream(t, &s, rtp_out);
    welcome->ssrc = s.ssrc;
    welcome->client_ssrc = s.client_ssrc;
    welcome->udp_port = t->udp.port;
    memcpy(welcome->host_key, s.host_key, sizeof(s.host_key));
    memcpy(welcome->client_key, s.client_key, sizeof(s.client_key));
    explicit_bzero(&s, sizeof(s));
    return 0;
}

static void srtp_detach(struct gs_transport *base)
{
    end_stream(from_base(base));
}

/* Whether there is somebody who can use this frame. */
static bool begin_frame(struct gs_srtp_transport *t, bool keyframe, struct gs_udp_peer *ret_peer)
{
    bool wanted;

    pthread_mutex_lock(&t->lock);
    wanted = t->rtp_out && t->peer.size && (keyframe || !t->need_keyframe);
    if (wanted) {
        t->need_keyframe = false;
        *ret_peer = t->peer;
    } else {
        t->counters.dropped_frames++;
    }
    pthread_mutex_unlock(&t->lock);
    return wanted;
}

/* Writes the next packet of the frame into its slot of the ring and protects it there. */
static int build_packet(struct gs_srtp_transport *t, struct gs_packetizer *pk,
                        struct gs_rtp_packet *header, struct gs_frame_trace *trace,
                        struct iovec *ret)
{
    uint8_t *out = gs_retransmit_slot(t->ring, header->seq, trace->first_packet);
    size_t size;
    int err;

    header->marker = header->has_stages = pk->last;
    if (pk->last) {
        trace->last_packet = gs_now_ns();
        gs_rtp_stages_from_trace(trace, header->stages);
    }
    size = gs_rtp_write_header(header, out);
    header->payload_size = gs_packetizer_write(pk, out + size);
    size += header->payload_size;
    err = gs_srtp_protect(t->rtp_out, out, &size);
    if (err)
        return err;
    gs_retransmit_publish(t->ring, header->seq, size);
    *ret = (struct iovec){out, size};
    return 0;
}

static void end_frame(struct gs_srtp_transport *t, uint32_t packets, uint32_t octets,
                      uint64_t bytes, uint32_t dropped)
{
    uint64_t now = gs_now_ns();

    pthread_mutex_lock(&t->lock);
    t->counters.packets += packets;
    t->counters.bytes += bytes;
    t->packets += packets;
    t->octets += octets;
    t->dropped += dropped;
    t->last_seq = (uint16_t)(t->next_seq - 1);
    t->last_sent = now;
    gs_feedback_frame_sent(t, now);
    pthread_mutex_unlock(&t->lock);
}

static int send_frame(struct gs_srtp_transport *t, const struct gs_packet *packet,
                      const struct gs_udp_peer *peer, struct gs_frame_trace *trace)
{
    struct gs_rtp_packet header = {
        .payload_type = GS_RTP_PAYLOAD_TYPE,
        .timestamp = gs_srtp_transport_timestamp(t, trace->commit),
        .ssrc = t->ssrc,
        .has_frame = true,
        .frame_id = trace->frame_id,
        .input_id = trace->input_id,
        .capture_us = trace->commit / GS_NS_PER_US,
    };
    uint32_t packets = 0, octets = 0, dropped = 0;
    struct iovec batch[GS_UDP_BATCH];
    struct gs_packetizer pk;
    uint64_t bytes = 0;
    unsigned n = 0;
    int err = 0;

    gs_packetizer_init(&pk, packet->data, packet->size);
    if (pk.done)
        return -EINVAL;
    while (!err && !pk.done) {
        header.seq = t->next_seq;
        err = build_packet(t, &pk, &header, trace, &batch[n]);
        if (err)
            break;
        t->next_seq++;
        octets += (uint32_t)header.payload_size;
        bytes += batch[n].iov_len;
        if (++n == GS_UDP_BATCH || pk.done) {
            dropped += n - gs_udp_send(&t->udp, peer, batch, n, dropped ? 0 : SEND_WAIT_MS);
            packets += n;
            n = 0;
        }
    }
    end_frame(t, packets, octets, bytes, dropped);
    return err;
}

static int srtp_send(struct gs_transport *base, const struct gs_packet *packet,
                     struct gs_frame_trace *trace)
{
    struct gs_srtp_transport *t = from_base(base);
    struct gs_udp_peer peer;
    int err = 0;

    trace->first_packet = trace->last_packet = gs_now_ns();
    pthread_mutex_lock(&t->send_lock);
    if (begin_frame(t, packet->keyframe, &peer))
        err = send_frame(t, packet, &peer, trace);
    pthread_mutex_unlock(&t->send_lock);
    return err;
}

static void srtp_counters(struct gs_transport *base, struct gs_transport_counters *ret)
{
    struct gs_srtp_transport *t = from_base(base);

    pthread_mutex_lock(&t->lock);
    *ret = t->counters;
    ret->lost += t->lost;
    pthread_mutex_unlock(&t->lock);
}

const struct gs_transport_impl gs_transport_srtp = {
    .name = "srtp",
    .open = srtp_open,
    .attach = srtp_attach,
    .detach = srtp_detach,
    .send = srtp_send,
    .counters = srtp_counters,
    .close = srtp_close,
};
