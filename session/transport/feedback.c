/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <glib-unix.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/rtcp.h"
#include "common/rtp.h"
#include "common/srtp.h"
#include "session/transport/srtp_internal.h"

#define CNAME "gpushare"
#define BATCH 16
#define DATAGRAM_SIZE 1504
#define RECEIVER_TIMEOUT (10 * GS_NS_PER_S)
#define KEYFRAME_INTERVAL (100 * GS_NS_PER_MS)
#define REPORT_INTERVAL GS_NS_PER_S
#define REPORT_INTERVAL_IDLE (5 * GS_NS_PER_S)
#define PROBES 2
/* A packet is asked for until it has been missed for max(4 round trips, 60 ms), and its loss is
 * noticed a probe and a way there and back after it was sent. */
#define KEEP_LEAST (250 * GS_NS_PER_MS)
#define KEEP_ROUND_TRIPS 6

/*
 * A screen that stands still sends nothing, so a receiver that lost the end of the last frame has
 * no later packet to tell it. Therefore the last packet is sent again after a short silence, and
 * once more a little later: it either is what was lost, or shows the receiver the gap before it.
 * Should all that be lost too, the receiver's next report (highest sequence number) says so, and
 * the packet goes out again. A receiver that has it drops the copy as a replay.
 */
static uint64_t probe_delay(const struct gs_srtp_transport *t)
{
    uint64_t frame = GS_NS_PER_S / GS_MAX(t->base.params.fps, 1);

    /* Not between the frames of a steady stream. */
    return (GS_MAX(frame * 3 / 2, 15 * GS_NS_PER_MS)) << (2 * t->probes);
}

static void send_datagram(struct gs_srtp_transport *t, const void *data, size_t size)
{
    struct gs_udp_peer peer;

    pthread_mutex_lock(&t->lock);
    peer = t->peer;
    pthread_mutex_unlock(&t->lock);
    if (!peer.size)
        return;
    /* Lost here is as good as lost on the way: the receiver asks again. */
    if (sendto(t->udp.fd, data, size, 0, (struct sockaddr *)&peer.address, peer.size) < 0 &&
        errno != EAGAIN)
        gs_trace("srtp: sendto: %s", strerror(errno));
}

static void send_rtcp(struct gs_srtp_transport *t, const struct gs_rtcp *rtcp)
{
    _Alignas(8) uint8_t out[GS_RTCP_MAX_PACKET + GS_SRTCP_TRAILER_SIZE];
    int n = gs_rtcp_write(rtcp, CNAME, out, GS_RTCP_MAX_PACKET);
    size_t size = (size_t)n;

    if (n > 0 && gs_srtp_protect_rtcp(t->rtcp_out, out, &size) == 0)
        send_datagram(t, out, size);
}

/* Wall clock as NTP: 32.32 since 1900 (RFC 3550, 4). */
static uint64_t ntp_now(void)
{
    uint64_t ns = gs_clock_ns(CLOCK_REALTIME);
    uint64_t seconds = ns / GS_NS_PER_S + UINT64_C(2208988800);

    return seconds << 32 | ((ns % GS_NS_PER_S) << 32) / GS_NS_PER_S;
}

static void send_sender_report(struct gs_srtp_transport *t, uint64_t now, bool bye)
{
    struct gs_rtcp rtcp = {.sender_ssrc = t->ssrc, .has_sr = true, .bye = bye};

    pthread_mutex_lock(&t->lock);
    rtcp.sr.packets = t->reported_packets = t->packets;
    rtcp.sr.octets = t->octets;
    pthread_mutex_unlock(&t->lock);
    rtcp.sr.ntp = ntp_now();
    rtcp.sr.rtp_timestamp = gs_srtp_transport_timestamp(t, now);
    t->reported = now;
    send_rtcp(t, &rtcp);
}

static void send_probe(struct gs_srtp_transport *t, uint16_t seq)
{
    _Alignas(8) uint8_t out[GS_RETRANSMIT_PACKET_SIZE];
    size_t size = gs_retransmit_copy(t->ring, seq, out);

    if (size)
        send_datagram(t, out, size);
}

static void resend(struct gs_srtp_transport *t, const struct gs_rtcp *rtcp)
{
    _Alignas(8) uint8_t out[GS_RETRANSMIT_PACKET_SIZE];
    unsigned again = 0;

    for (unsigned i = 0; i < rtcp->n_nacks; i++) {
        size_t size = gs_retransmit_resend(t->ring, rtcp->nacks[i], out);

        if (size) {
            send_datagram(t, out, size);
            t->resent++;
            again++;
        }
    }
    pthread_mutex_lock(&t->lock);
    t->counters.repaired += again;
    pthread_mutex_unlock(&t->lock);
}

/* ---- the clock ---- */

/* When something is due; UINT64_MAX: never. Main thread, lock held. */
static uint64_t due_at(const struct gs_srtp_transport *t)
{
    uint64_t next;

    if (!t->present)
        return UINT64_MAX;
    next =
        t->reported + (t->packets != t->reported_packets ? REPORT_INTERVAL : REPORT_INTERVAL_IDLE);
    next = GS_MIN(next, t->heard + RECEIVER_TIMEOUT);
    return t->probing ? GS_MIN(next, t->last_sent + probe_delay(t)) : next;
}

void gs_feedback_frame_sent(struct gs_srtp_transport *t, uint64_t now)
{
    t->probing = true;
    t->probes = 0;
    /* Between the frames of a steady stream the loop sleeps no longer than to the frame before's
     * probe; that is early enough. */
    if (now + probe_delay(t) >= t->sleeps_until)
        return;
    t->sleeps_until = 0;
    g_main_context_wakeup(t->context);
}

static void probe(struct gs_srtp_transport *t, uint64_t now)
{
    bool due = false;
    uint16_t seq;

    pthread_mutex_lock(&t->lock);
    seq = t->last_seq;
    if (t->probing && now >= t->last_sent + probe_delay(t)) {
        due = true;
        t->probing = ++t->probes < PROBES;
    }
    pthread_mutex_unlock(&t->lock);
    if (due)
        send_probe(t, seq);
}

static void lose_receiver(struct gs_srtp_transport *t)
{
    pthread_mutex_lock(&t->lock);
    t->peer.size = 0;
    t->probing = false;
    pthread_mutex_unlock(&t->lock);
    t->present = false;
    t->base.params.listener->receiver_changed(t->base.params.user, false);
}

static gboolean on_timer(struct gs_srtp_transport *t)
{
    uint64_t now = gs_now_ns();
    bool frames;

    if (!t->present)
        return G_SOURCE_CONTINUE;
    if (now >= t->heard + RECEIVER_TIMEOUT) {
        gs_info("srtp: the receiver is silent");
        lose_receiver(t);
        return G_SOURCE_CONTINUE;
    }
    probe(t, now);
    pthread_mutex_lock(&t->lock);
    frames = t->packets != t->reported_packets;
    pthread_mutex_unlock(&t->lock);
    if (now >= t->reported + (frames ? REPORT_INTERVAL : REPORT_INTERVAL_IDLE))
        send_sender_report(t, now, false);
    return G_SOURCE_CONTINUE;
}

/* The time that is due is looked up whenever the loop goes to sleep, and not told to it: that
 * would wake it once more for each frame. */
struct clock_source {
    GSource base;
    struct gs_srtp_transport *t;
};

static gboolean clock_prepare(GSource *source, gint *timeout)
{
    struct gs_srtp_transport *t = ((struct clock_source *)source)->t;
    uint64_t now = gs_now_ns(), due;

    pthread_mutex_lock(&t->lock);
    t->sleeps_until = due = due_at(t);
    pthread_mutex_unlock(&t->lock);
    *timeout = due == UINT64_MAX ? -1
               : due <= now      ? 0
                            : (gint)GS_MIN((due - now + GS_NS_PER_MS - 1) / GS_NS_PER_MS, INT_MAX);
    return due <= now;
}

static gboolean clock_check(GSource *source)
{
    gint timeout;

    return clock_prepare(source, &timeout);
}

static gboolean clock_dispatch(GSource *source, GSourceFunc callback GS_UNUSED, gpointer user)
{
    (void)user;
    return on_timer(((struct clock_source *)source)->t);
}

static GSourceFuncs clock_funcs = {
    .prepare = clock_prepare, .check = clock_check, .dispatch = clock_dispatch};

/* ---- the receiver ---- */

static void hear(struct gs_srtp_transport *t, const struct gs_udp_peer *from, uint64_t now)
{
    t->heard = now;
    pthread_mutex_lock(&t->lock);
    if (!t->present)
        t->need_keyframe = true;
    if (!gs_udp_peer_equal(&t->peer, from))
        t->peer = *from;
    pthread_mutex_unlock(&t->lock);
}

/* Duplicates make it smaller, even negative (RFC 3550, 6.4.1). */
static void note_lost(struct gs_srtp_transport *t, const struct gs_rtcp_report_block *b)
{
    pthread_mutex_lock(&t->lock);
    t->lost = (uint32_t)GS_MAX((int32_t)t->lost, b->cumulative_lost);
    pthread_mutex_unlock(&t->lock);
}

static void measure_rtt(struct gs_srtp_transport *t, const struct gs_rtcp_report_block *b)
{
    /* Units of 1/65536 s (RFC 3550, 6.4.1). */
    uint32_t units = (uint32_t)(ntp_now() >> 16) - b->last_sr - b->delay_since_sr;

    if (!b->last_sr || units >= 10 << 16)
        return;
    t->rtt = units * GS_NS_PER_S >> 16;
    gs_retransmit_keep_for(t->ring, KEEP_LEAST + KEEP_ROUND_TRIPS * t->rtt);
}

/* Whether the receiver ought to have the last packet by now and says that it hasn't. */
static void check_highest(struct gs_srtp_transport *t, const struct gs_rtcp *rtcp, uint64_t now)
{
    bool missing;
    uint16_t seq;

    pthread_mutex_lock(&t->lock);
    seq = t->last_seq;
    missing = t->last_sent && now - t->last_sent > KEYFRAME_INTERVAL + t->rtt &&
              (!rtcp->has_report || (uint16_t)rtcp->report.highest_seq != seq);
    pthread_mutex_unlock(&t->lock);
    if (missing)
        send_probe(t, seq);
}

static bool keyframe_due(struct gs_srtp_transport *t, bool is_new, bool pli, uint64_t now)
{
    if (!is_new && (!pli || now - t->asked < GS_MAX(KEYFRAME_INTERVAL, t->rtt)))
        return false;
    t->asked = now;
    return true;
}

static void handle_rtcp(struct gs_srtp_transport *t, const struct gs_rtcp *rtcp,
                        const struct gs_udp_peer *from, uint64_t now)
{
    const struct gs_transport_listener *listener = t->base.params.listener;
    void *user = t->base.params.user;
    bool is_new = !t->present, ask;

    if (rtcp->bye) {
        if (t->present)
            lose_receiver(t);
        return;
    }
    hear(t, from, now);
    if (rtcp->has_report && rtcp->report.ssrc == t->ssrc) {
        measure_rtt(t, &rtcp->report);
        note_lost(t, &rtcp->report);
    }
    if (rtcp->media_ssrc == t->ssrc)
        resend(t, rtcp);
    check_highest(t, rtcp, now);
    ask = keyframe_due(t, is_new, rtcp->pli && rtcp->media_ssrc == t->ssrc, now);
    if (is_new) {
        t->present = true;
        send_sender_report(t, now, false);
        listener->receiver_changed(user, true);
    }
    if (ask)
        listener->keyframe_wanted(user);
}

static void handle_datagram(struct gs_srtp_transport *t, uint8_t *data, size_t size,
                            const struct gs_udp_peer *from, uint64_t now)
{
    struct gs_rtcp rtcp;

    if (t->attached && gs_rtcp_is_rtcp(data, size) &&
        gs_srtp_unprotect_rtcp(t->rtcp_in, data, &size) == 0 &&
        gs_rtcp_parse(data, size, &rtcp) == 0 && rtcp.sender_ssrc == t->client_ssrc)
        handle_rtcp(t, &rtcp, from, now);
    else
        t->rejected++;
}

static gboolean on_readable(gint fd, GIOCondition condition, gpointer user)
{
    struct gs_srtp_transport *t = user;
    _Alignas(8) uint8_t data[BATCH][DATAGRAM_SIZE];
    struct gs_udp_peer from[BATCH];
    struct iovec iov[BATCH];
    struct mmsghdr msgs[BATCH];
    uint64_t now;
    int n;

    (void)condition;
    for (unsigned i = 0; i < BATCH; i++) {
        iov[i] = (struct iovec){data[i], DATAGRAM_SIZE};
        msgs[i].msg_hdr = (struct msghdr){
            .msg_name = &from[i].address,
            .msg_namelen = sizeof(from[i].address),
            .msg_iov = &iov[i],
            .msg_iovlen = 1,
        };
    }
    /* One batch a turn: a flood must not keep the loop from its other sources. */
    n = recvmmsg(fd, msgs, BATCH, MSG_DONTWAIT, NULL);
    now = gs_now_ns();
    for (int i = 0; i < n; i++) {
        from[i].size = msgs[i].msg_hdr.msg_namelen;
        if (msgs[i].msg_hdr.msg_flags & MSG_TRUNC)
            t->rejected++;
        else
            handle_datagram(t, data[i], msgs[i].msg_len, &from[i], now);
    }
    return G_SOURCE_CONTINUE;
}

/* ---- life ---- */

void gs_feedback_start(struct gs_srtp_transport *t)
{
    t->context = g_main_context_ref_thread_default();
    t->socket_source = g_unix_fd_source_new(t->udp.fd, G_IO_IN);
    g_source_set_callback(t->socket_source, G_SOURCE_FUNC(on_readable), t, NULL);
    g_source_attach(t->socket_source, t->context);
    t->clock = g_source_new(&clock_funcs, sizeof(struct clock_source));
    g_source_set_static_name(t->clock, "srtp clock");
    ((struct clock_source *)t->clock)->t = t;
    g_source_attach(t->clock, t->context);
}

static void destroy_source(GSource **source)
{
    if (*source) {
        g_source_destroy(*source);
        g_source_unref(*source);
    }
    *source = NULL;
}

void gs_feedback_stop(struct gs_srtp_transport *t)
{
    destroy_source(&t->socket_source);
    destroy_source(&t->clock);
    g_clear_pointer(&t->context, g_main_context_unref);
}

void gs_feedback_reset(struct gs_srtp_transport *t)
{
    if (t->present)
        send_sender_report(t, gs_now_ns(), true);
    t->present = false;
    t->heard = t->asked = t->rtt = t->reported = 0;
    t->reported_packets = 0;
    pthread_mutex_lock(&t->lock);
    t->peer.size = 0;
    t->probing = false;
    pthread_mutex_unlock(&t->lock);
}
