/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <errno.h>
#include <glib-unix.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>

#include "common/bytes.h"
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
static uint64_t probe_delay(const struct gs_srtp_transport *t, const struct gs_srtp_stream *s)
{
    uint64_t frame = GS_NS_PER_S / GS_MAX(t->base.params.fps, 1);

    /* Not between the frames of a steady stream. */
    return (GS_MAX(frame * 3 / 2, 15 * GS_NS_PER_MS)) << (2 * s->probes);
}

static void send_datagram(struct gs_srtp_transport *t, struct gs_srtp_stream *s, const void *data,
                          size_t size)
{
    struct gs_udp_peer peer;

    pthread_mutex_lock(&t->lock);
    peer = s->peer;
    pthread_mutex_unlock(&t->lock);
    if (!peer.size)
        return;
    /* Lost here is as good as lost on the way: the receiver asks again. */
    if (sendto(t->udp.fd, data, size, 0, (struct sockaddr *)&peer.address, peer.size) < 0 &&
        errno != EAGAIN)
        gs_trace("srtp: sendto: %s", strerror(errno));
}

static void send_rtcp(struct gs_srtp_transport *t, struct gs_srtp_stream *s,
                      const struct gs_rtcp *rtcp)
{
    _Alignas(8) uint8_t out[GS_RTCP_MAX_PACKET + GS_SRTCP_TRAILER_SIZE];
    int n = gs_rtcp_write(rtcp, CNAME, out, GS_RTCP_MAX_PACKET);
    size_t size = (size_t)n;

    if (n > 0 && gs_srtp_protect_rtcp(s->rtcp_out, out, &size) == 0)
        send_datagram(t, s, out, size);
}

/* Wall clock as NTP: 32.32 since 1900 (RFC 3550, 4). */
static uint64_t ntp_now(void)
{
    uint64_t ns = gs_clock_ns(CLOCK_REALTIME);
    uint64_t seconds = ns / GS_NS_PER_S + UINT64_C(2208988800);

    return seconds << 32 | ((ns % GS_NS_PER_S) << 32) / GS_NS_PER_S;
}

static void send_sender_report(struct gs_srtp_transport *t, struct gs_srtp_stream *s, uint64_t now,
                               bool bye)
{
    struct gs_rtcp rtcp = {.sender_ssrc = s->ssrc, .has_sr = true, .bye = bye};

    pthread_mutex_lock(&t->lock);
    rtcp.sr.packets = s->reported_packets = s->packets;
    rtcp.sr.octets = s->octets;
    pthread_mutex_unlock(&t->lock);
    rtcp.sr.ntp = ntp_now();
    rtcp.sr.rtp_timestamp = s->timestamp_base + gs_srtp_timestamp(now);
    s->reported = now;
    send_rtcp(t, s, &rtcp);
}

/* Which packet was sent as seq. A number that is not among the last ones sent, without a gap
 * between, has no index: see srtp_internal.h. */
static bool find_index(struct gs_srtp_transport *t, const struct gs_srtp_stream *s, uint16_t seq,
                       uint32_t *ret)
{
    uint16_t back;
    bool found;

    pthread_mutex_lock(&t->lock);
    back = (uint16_t)(s->next_seq - seq);
    *ret = s->next - back;
    found = back > 0 && back <= s->next - s->since && t->next_index - *ret <= GS_RETRANSMIT_PACKETS;
    pthread_mutex_unlock(&t->lock);
    return found;
}

static bool send_again(struct gs_srtp_transport *t, struct gs_srtp_stream *s, uint32_t index,
                       uint16_t seq)
{
    _Alignas(8) uint8_t out[GS_RETRANSMIT_PACKET_SIZE];
    size_t size = gs_srtp_stream_packet(t, s, index, seq, out);

    if (size)
        send_datagram(t, s, out, size);
    return size;
}

static void send_last_again(struct gs_srtp_transport *t, struct gs_srtp_stream *s, uint16_t seq)
{
    uint32_t index;

    if (find_index(t, s, seq, &index))
        send_again(t, s, index, seq);
}

#define REPAIRS 3 /* how often one packet is sent again at most */

/* Whether it was sent again less than so often; counts. */
static bool may_repair(struct gs_srtp_stream *s, uint32_t index)
{
    uint32_t *again = &s->again[index % GS_RETRANSMIT_PACKETS];

    if (*again >> 2 != (index & UINT32_MAX >> 2))
        *again = index << 2;
    if ((*again & 3) == REPAIRS)
        return false;
    ++*again;
    return true;
}

static_assert(REPAIRS <= 3, "two bits hold it");
static_assert(GS_RETRANSMIT_PACKETS <= GS_SRTP_AGAIN, "the oldest can be protected again");

static void repair(struct gs_srtp_transport *t, struct gs_srtp_stream *s,
                   const struct gs_rtcp *rtcp)
{
    for (unsigned i = 0; i < rtcp->n_nacks; i++) {
        uint32_t index;

        if (find_index(t, s, rtcp->nacks[i], &index) && may_repair(s, index) &&
            send_again(t, s, index, rtcp->nacks[i]))
            s->repaired++;
    }
}

/* ---- the clock ---- */

/* When something is due for s; UINT64_MAX: never. Main thread, lock held. */
static uint64_t stream_due_at(const struct gs_srtp_transport *t, const struct gs_srtp_stream *s)
{
    uint64_t next;

    if (!s->base.present)
        return UINT64_MAX;
    next =
        s->reported + (s->packets != s->reported_packets ? REPORT_INTERVAL : REPORT_INTERVAL_IDLE);
    next = GS_MIN(next, s->heard + RECEIVER_TIMEOUT);
    return s->probing ? GS_MIN(next, s->last_sent + probe_delay(t, s)) : next;
}

static uint64_t due_at(const struct gs_srtp_transport *t)
{
    uint64_t due = UINT64_MAX;

    for (unsigned i = 0; i < t->n_streams; i++)
        due = GS_MIN(due, stream_due_at(t, t->streams[i]));
    return due;
}

void gs_feedback_frame_sent(struct gs_srtp_transport *t, struct gs_srtp_stream *s, uint64_t now)
{
    s->probing = true;
    s->probes = 0;
    /* Between the frames of a steady stream the loop sleeps no longer than to the frame before's
     * probe; that is early enough. */
    if (now + probe_delay(t, s) >= t->sleeps_until)
        return;
    t->sleeps_until = 0;
    g_main_context_wakeup(t->context);
}

static void probe(struct gs_srtp_transport *t, struct gs_srtp_stream *s, uint64_t now)
{
    bool due = false;
    uint16_t seq;

    pthread_mutex_lock(&t->lock);
    seq = (uint16_t)(s->next_seq - 1);
    if (s->probing && now >= s->last_sent + probe_delay(t, s)) {
        due = true;
        s->probing = ++s->probes < PROBES;
    }
    pthread_mutex_unlock(&t->lock);
    if (due)
        send_last_again(t, s, seq);
}

static void lose_receiver(struct gs_srtp_transport *t, struct gs_srtp_stream *s)
{
    pthread_mutex_lock(&t->lock);
    s->peer.size = 0;
    s->probing = false;
    pthread_mutex_unlock(&t->lock);
    s->base.present = false;
    t->base.params.listener->receiver_changed(t->base.params.user, &s->base, false);
}

static void on_time(struct gs_srtp_transport *t, struct gs_srtp_stream *s, uint64_t now)
{
    bool frames;

    if (!s->base.present)
        return;
    if (now >= s->heard + RECEIVER_TIMEOUT) {
        gs_info("srtp: a receiver is silent");
        lose_receiver(t, s);
        return;
    }
    probe(t, s, now);
    pthread_mutex_lock(&t->lock);
    frames = s->packets != s->reported_packets;
    pthread_mutex_unlock(&t->lock);
    if (now >= s->reported + (frames ? REPORT_INTERVAL : REPORT_INTERVAL_IDLE))
        send_sender_report(t, s, now, false);
}

/* The listener may detach streams; those are freed when nobody here looks at them any more. */
static void begin_work(struct gs_srtp_transport *t)
{
    t->busy = true;
}

static void end_work(struct gs_srtp_transport *t)
{
    t->busy = false;
    while (t->gone->len)
        gs_srtp_stream_free(g_ptr_array_steal_index_fast(t->gone, t->gone->len - 1));
}

static void on_timer(struct gs_srtp_transport *t)
{
    struct gs_srtp_stream *streams[GS_VIEWERS_MAX];
    unsigned n = t->n_streams;
    uint64_t now = gs_now_ns();

    memcpy(streams, t->streams, sizeof(streams));
    begin_work(t);
    for (unsigned i = 0; i < n; i++)
        if (!streams[i]->gone)
            on_time(t, streams[i], now);
    end_work(t);
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
    on_timer(((struct clock_source *)source)->t);
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs clock_funcs = {
    .prepare = clock_prepare, .check = clock_check, .dispatch = clock_dispatch};

/* ---- the receivers ---- */

static void hear(struct gs_srtp_transport *t, struct gs_srtp_stream *s,
                 const struct gs_udp_peer *from, uint64_t now)
{
    s->heard = now;
    pthread_mutex_lock(&t->lock);
    if (!s->base.present)
        s->need_keyframe = true;
    if (!gs_udp_peer_equal(&s->peer, from))
        s->peer = *from;
    pthread_mutex_unlock(&t->lock);
}

/* As long as the farthest receiver goes on asking. */
static void keep_packets(struct gs_srtp_transport *t)
{
    uint64_t rtt = 0;

    for (unsigned i = 0; i < t->n_streams; i++)
        rtt = GS_MAX(rtt, t->streams[i]->rtt);
    gs_retransmit_keep_for(t->ring, KEEP_LEAST + KEEP_ROUND_TRIPS * rtt);
}

static void note_report(struct gs_srtp_transport *t, struct gs_srtp_stream *s,
                        const struct gs_rtcp_report_block *b)
{
    /* Units of 1/65536 s (RFC 3550, 6.4.1). */
    uint32_t units = (uint32_t)(ntp_now() >> 16) - b->last_sr - b->delay_since_sr;

    if (b->last_sr && units < 10 << 16) {
        s->rtt = units * GS_NS_PER_S >> 16;
        keep_packets(t);
    }
    if (b->cumulative_lost > 0)
        s->lost = GS_MAX(s->lost, (uint32_t)b->cumulative_lost);
}

/* Whether the receiver ought to have the last packet by now and says that it hasn't. */
static void check_highest(struct gs_srtp_transport *t, struct gs_srtp_stream *s,
                          const struct gs_rtcp *rtcp, uint64_t now)
{
    bool missing;
    uint16_t seq;

    pthread_mutex_lock(&t->lock);
    seq = (uint16_t)(s->next_seq - 1);
    missing = s->last_sent && now - s->last_sent > KEYFRAME_INTERVAL + s->rtt &&
              (!rtcp->has_report || (uint16_t)rtcp->report.highest_seq != seq);
    pthread_mutex_unlock(&t->lock);
    if (missing)
        send_last_again(t, s, seq);
}

static bool keyframe_due(struct gs_srtp_stream *s, bool is_new, bool pli, uint64_t now)
{
    if (!is_new && (!pli || now - s->asked < GS_MAX(KEYFRAME_INTERVAL, s->rtt)))
        return false;
    s->asked = now;
    return true;
}

static void handle_rtcp(struct gs_srtp_transport *t, struct gs_srtp_stream *s,
                        const struct gs_rtcp *rtcp, const struct gs_udp_peer *from, uint64_t now)
{
    const struct gs_transport_listener *listener = t->base.params.listener;
    void *user = t->base.params.user;
    bool is_new = !s->base.present, ask;

    if (rtcp->bye) {
        if (s->base.present)
            lose_receiver(t, s);
        return;
    }
    hear(t, s, from, now);
    if (rtcp->has_report && rtcp->report.ssrc == s->ssrc)
        note_report(t, s, &rtcp->report);
    if (rtcp->media_ssrc == s->ssrc)
        repair(t, s, rtcp);
    check_highest(t, s, rtcp, now);
    ask = keyframe_due(s, is_new, rtcp->pli && rtcp->media_ssrc == s->ssrc, now);
    if (is_new) {
        s->base.present = true;
        send_sender_report(t, s, now, false);
        listener->receiver_changed(user, &s->base, true);
    }
    if (ask && !s->gone)
        listener->keyframe_wanted(user, &s->base);
}

/* By the sender's SSRC, which SRTCP leaves in the clear: so a datagram costs one authentication at
 * most, however many receivers there are. */
static struct gs_srtp_stream *find_sender(const struct gs_srtp_transport *t, const uint8_t *data,
                                          size_t size)
{
    struct gs_reader r;
    uint32_t ssrc;

    gs_reader_init(&r, data, size);
    gs_read_u32(&r);
    ssrc = gs_read_u32(&r);
    for (unsigned i = 0; i < t->n_streams && !r.overrun; i++)
        if (t->streams[i]->client_ssrc == ssrc)
            return t->streams[i];
    return NULL;
}

static void handle_datagram(struct gs_srtp_transport *t, uint8_t *data, size_t size,
                            const struct gs_udp_peer *from, uint64_t now)
{
    struct gs_srtp_stream *s = gs_rtcp_is_rtcp(data, size) ? find_sender(t, data, size) : NULL;
    struct gs_rtcp rtcp;

    if (s && gs_srtp_unprotect_rtcp(s->rtcp_in, data, &size) == 0 &&
        gs_rtcp_parse(data, size, &rtcp) == 0 && rtcp.sender_ssrc == s->client_ssrc)
        handle_rtcp(t, s, &rtcp, from, now);
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
    begin_work(t);
    for (int i = 0; i < n; i++) {
        from[i].size = msgs[i].msg_hdr.msg_namelen;
        if (msgs[i].msg_hdr.msg_flags & MSG_TRUNC)
            t->rejected++;
        else
            handle_datagram(t, data[i], msgs[i].msg_len, &from[i], now);
    }
    end_work(t);
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

void gs_feedback_leave(struct gs_srtp_transport *t, struct gs_srtp_stream *s)
{
    if (s->base.present)
        send_sender_report(t, s, gs_now_ns(), true);
    s->base.present = false;
}
