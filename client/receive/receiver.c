/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/receive/receiver.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/receive/assemble.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/rtcp.h"
#include "common/rtp.h"
#include "common/srtp.h"

#define CNAME "client"
#define SOCKET_BUFFER (4 * 1024 * 1024)
#define BATCH 32
#define MAX_BATCHES 8 /* before what they held is acted upon */
#define DATAGRAM_SIZE 2048

/* Reports open the stream, and keep it and the NATs on its way open. */
#define OPEN_INTERVAL (20 * GS_NS_PER_MS)
#define OPEN_INTERVAL_LATER (100 * GS_NS_PER_MS)
#define OPEN_HURRY GS_NS_PER_S
#define REPORT_INTERVAL GS_NS_PER_S
#define REPORT_INTERVAL_IDLE (2 * GS_NS_PER_S)
/* Silence may be a screen that stands still, or the end of the last frame lost, or an address of
 * ours that changed: one report tells the host, and it sends again what is missing. */
#define REPORT_AFTER_LAST (150 * GS_NS_PER_MS)

struct gs_receiver {
    GThread *thread;
    int fd;
    int wake; /* eventfd */
    struct sockaddr_storage host;
    socklen_t host_size;
    uint32_t ssrc, client_ssrc;

    /* The receiver's thread. */
    struct gs_srtp *in, *out;
    struct gs_assembler *assembler;
    uint64_t created, reported; /* reported 0: never */
    uint64_t reported_packets;
    uint64_t last_media; /* arrival */
    uint32_t sr_ntp;     /* middle 32 bits of the last SR's time; 0: none */
    uint64_t sr_arrival;
    struct gs_receiver_stats own; /* packets, bytes, nacks_sent, plis_sent, rejected */
    uint8_t (*datagrams)[DATAGRAM_SIZE];

    /* Any thread. */
    atomic_bool stop, keyframe_wanted, ended;
    _Atomic uint64_t rtt; /* UINT64_MAX: unchanged since it was read */
    pthread_mutex_t lock; /* stats */
    struct gs_receiver_stats stats;
};

static void send_rtcp(struct gs_receiver *rx, const struct gs_rtcp *rtcp)
{
    _Alignas(8) uint8_t out[GS_RTCP_MAX_PACKET + GS_SRTCP_TRAILER_SIZE];
    int n = gs_rtcp_write(rtcp, CNAME, out, GS_RTCP_MAX_PACKET);
    size_t size = (size_t)n;

    if (n < 0 || gs_srtp_protect_rtcp(rx->out, out, &size) < 0)
        return;
    /* Unconnected, so that the route is looked up again when this machine's address changes. */
    if (sendto(rx->fd, out, size, 0, (struct sockaddr *)&rx->host, rx->host_size) < 0)
        gs_trace("receiver: sendto: %s", strerror(errno));
}

static void fill_report(struct gs_receiver *rx, struct gs_rtcp *rtcp, uint64_t now)
{
    struct gs_assembler_report report;

    rtcp->sender_ssrc = rx->client_ssrc;
    rtcp->media_ssrc = rx->ssrc;
    rtcp->has_report = gs_assembler_report(rx->assembler, &report);
    if (!rtcp->has_report)
        return;
    rtcp->report = (struct gs_rtcp_report_block){
        .ssrc = rx->ssrc,
        .fraction_lost = report.fraction_lost,
        .cumulative_lost = report.cumulative_lost,
        .highest_seq = report.highest_seq,
        .last_sr = rx->sr_ntp,
        /* 1/65536 s (RFC 3550, 6.4.1) */
        .delay_since_sr = rx->sr_ntp ? (uint32_t)(((now - rx->sr_arrival) << 16) / GS_NS_PER_S) : 0,
    };
}

static uint64_t next_report(const struct gs_receiver *rx)
{
    if (!rx->reported)
        return 0;
    if (!rx->own.packets)
        return rx->reported +
               (rx->reported < rx->created + OPEN_HURRY ? OPEN_INTERVAL : OPEN_INTERVAL_LATER);
    if (rx->own.packets == rx->reported_packets)
        return rx->reported + REPORT_INTERVAL_IDLE;
    return GS_MIN(rx->reported + REPORT_INTERVAL, rx->last_media + REPORT_AFTER_LAST);
}

/* Sends what is due; returns when something will be. */
static uint64_t speak(struct gs_receiver *rx, uint64_t now)
{
    struct gs_rtcp rtcp = {0};
    struct gs_assembler_wish wish;

    do {
        gs_assembler_poll(rx->assembler, now, &wish);
        if (!wish.n_nacks && !wish.pli && now < next_report(rx))
            break;
        fill_report(rx, &rtcp, now);
        rtcp.pli = wish.pli;
        rtcp.n_nacks = wish.n_nacks;
        memcpy(rtcp.nacks, wish.nacks, wish.n_nacks * sizeof(wish.nacks[0]));
        send_rtcp(rx, &rtcp);
        rx->reported = now;
        rx->reported_packets = rx->own.packets;
        rx->own.nacks_sent += wish.n_nacks;
        rx->own.plis_sent += wish.pli;
    } while (wish.n_nacks == GS_RTCP_MAX_NACKS);
    return GS_MIN(wish.next, next_report(rx));
}

static void take_rtcp(struct gs_receiver *rx, uint8_t *data, size_t size, uint64_t now)
{
    struct gs_rtcp rtcp;
    int err = gs_srtp_unprotect_rtcp(rx->in, data, &size);

    if (err == -EALREADY)
        return;
    if (err < 0 || gs_rtcp_parse(data, size, &rtcp) < 0) {
        rx->own.rejected++;
        return;
    }
    if (rtcp.bye)
        atomic_store(&rx->ended, true);
    if (rtcp.has_sr) {
        rx->sr_ntp = (uint32_t)(rtcp.sr.ntp >> 16);
        rx->sr_arrival = now;
    }
}

static void take_rtp(struct gs_receiver *rx, uint8_t *data, size_t size, uint64_t now)
{
    size_t datagram_size = size;
    struct gs_rtp_packet packet;
    int err = gs_srtp_unprotect(rx->in, data, &size);

    if (err == -EALREADY)
        return;
    if (err < 0 || gs_rtp_parse(data, size, &packet) < 0 ||
        packet.payload_type != GS_RTP_PAYLOAD_TYPE) {
        rx->own.rejected++;
        return;
    }
    rx->own.packets++;
    rx->own.bytes += datagram_size;
    rx->last_media = now;
    gs_assembler_push(rx->assembler, &packet, now);
}

static void take_datagram(struct gs_receiver *rx, uint8_t *data, size_t size, uint64_t now)
{
    if (gs_rtcp_is_rtcp(data, size))
        take_rtcp(rx, data, size, now);
    else
        take_rtp(rx, data, size, now);
}

/* Returns whether there may be more. */
static bool receive_batch(struct gs_receiver *rx)
{
    struct iovec iov[BATCH];
    struct mmsghdr msgs[BATCH];
    uint64_t now;
    int n;

    for (unsigned i = 0; i < BATCH; i++) {
        iov[i] = (struct iovec){rx->datagrams[i], DATAGRAM_SIZE};
        msgs[i].msg_hdr = (struct msghdr){.msg_iov = &iov[i], .msg_iovlen = 1};
    }
    n = recvmmsg(rx->fd, msgs, BATCH, MSG_DONTWAIT, NULL);
    now = gs_now_ns();
    for (int i = 0; i < n; i++) {
        if (msgs[i].msg_hdr.msg_flags & MSG_TRUNC)
            rx->own.rejected++;
        else
            take_datagram(rx, rx->datagrams[i], msgs[i].msg_len, now);
    }
    return n == BATCH;
}

static void publish_stats(struct gs_receiver *rx)
{
    struct gs_receiver_stats stats = rx->own;

    gs_assembler_get_stats(rx->assembler, &stats);
    pthread_mutex_lock(&rx->lock);
    rx->stats = stats;
    pthread_mutex_unlock(&rx->lock);
}

static void take_wishes(struct gs_receiver *rx, uint64_t now)
{
    uint64_t rtt = atomic_exchange(&rx->rtt, UINT64_MAX), count;

    if (read(rx->wake, &count, sizeof(count)) < 0 && errno != EAGAIN)
        gs_trace("receiver: eventfd: %s", strerror(errno));
    if (rtt != UINT64_MAX)
        gs_assembler_set_rtt(rx->assembler, rtt);
    if (atomic_exchange(&rx->keyframe_wanted, false))
        gs_assembler_request_keyframe(rx->assembler, now);
}

static void wait_until(struct gs_receiver *rx, uint64_t deadline)
{
    struct pollfd fds[] = {{.fd = rx->fd, .events = POLLIN}, {.fd = rx->wake, .events = POLLIN}};
    uint64_t now = gs_now_ns(), ns = deadline > now ? deadline - now : 0;
    struct timespec timeout = {
        .tv_sec = (time_t)(ns / GS_NS_PER_S),
        .tv_nsec = (long)(ns % GS_NS_PER_S),
    };

    if (ppoll(fds, GS_ARRAY_SIZE(fds), &timeout, NULL) <= 0)
        return;
    if (fds[1].revents)
        take_wishes(rx, gs_now_ns());
    if (fds[0].revents)
        for (unsigned i = 0; i < MAX_BATCHES && receive_batch(rx); i++)
            continue;
}

static gpointer run(gpointer data)
{
    struct gs_receiver *rx = data;
    struct gs_rtcp bye = {.bye = true};

    while (!atomic_load(&rx->stop)) {
        uint64_t deadline = speak(rx, gs_now_ns());

        publish_stats(rx);
        wait_until(rx, deadline);
    }
    fill_report(rx, &bye, gs_now_ns());
    send_rtcp(rx, &bye);
    publish_stats(rx);
    return NULL;
}

static int open_socket(struct gs_receiver *rx, GInetAddress *address, uint16_t port)
{
    g_autoptr(GSocketAddress) native = g_inet_socket_address_new(address, port);
    gssize size = g_socket_address_get_native_size(native);
    int buffer = SOCKET_BUFFER;

    if (size < 0 || (size_t)size > sizeof(rx->host) ||
        !g_socket_address_to_native(native, &rx->host, sizeof(rx->host), NULL))
        return -EINVAL;
    rx->host_size = (socklen_t)size;
    rx->fd = socket(rx->host.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (rx->fd < 0)
        return -errno;
    /* A key frame comes in one burst, while this thread may be waiting for a CPU. */
    if (setsockopt(rx->fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer)) < 0)
        setsockopt(rx->fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
    rx->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return rx->wake < 0 ? -errno : 0;
}

int gs_receiver_create(GInetAddress *address, const struct gs_welcome *welcome,
                       const struct gs_receiver_listener *listener, void *user,
                       struct gs_receiver **ret)
{
    struct gs_receiver *rx = g_new0(struct gs_receiver, 1);
    int err;

    rx->fd = rx->wake = -1;
    rx->ssrc = welcome->ssrc;
    rx->client_ssrc = welcome->client_ssrc;
    rx->rtt = UINT64_MAX;
    pthread_mutex_init(&rx->lock, NULL);
    rx->created = gs_now_ns();
    rx->assembler = gs_assembler_create(listener, user, rx->created);
    rx->datagrams = g_malloc(BATCH * sizeof(rx->datagrams[0]));
    err = open_socket(rx, address, welcome->udp_port);
    if (!err)
        err = gs_srtp_create(welcome->host_key, rx->ssrc, GS_SRTP_RECEIVE, &rx->in);
    if (!err)
        err = gs_srtp_create(welcome->client_key, rx->client_ssrc, GS_SRTP_SEND, &rx->out);
    if (err) {
        gs_receiver_destroy(rx);
        return err;
    }
    rx->thread = g_thread_new("receive", run, rx);
    *ret = rx;
    return 0;
}

static void wake(struct gs_receiver *rx)
{
    uint64_t one = 1;

    if (write(rx->wake, &one, sizeof(one)) < 0)
        gs_trace("receiver: eventfd: %s", strerror(errno));
}

void gs_receiver_stop(struct gs_receiver *rx)
{
    if (!rx->thread)
        return;
    atomic_store(&rx->stop, true);
    wake(rx);
    g_thread_join(rx->thread);
    rx->thread = NULL;
}

void gs_receiver_destroy(struct gs_receiver *rx)
{
    if (!rx)
        return;
    gs_receiver_stop(rx);
    if (rx->fd >= 0)
        close(rx->fd);
    if (rx->wake >= 0)
        close(rx->wake);
    gs_srtp_destroy(rx->in);
    gs_srtp_destroy(rx->out);
    gs_assembler_destroy(rx->assembler);
    g_free(rx->datagrams);
    pthread_mutex_destroy(&rx->lock);
    g_free(rx);
}

void gs_receiver_get_stats(struct gs_receiver *rx, struct gs_receiver_stats *ret)
{
    pthread_mutex_lock(&rx->lock);
    *ret = rx->stats;
    pthread_mutex_unlock(&rx->lock);
}

bool gs_receiver_ended(const struct gs_receiver *rx)
{
    return atomic_load(&rx->ended);
}

void gs_receiver_request_keyframe(struct gs_receiver *rx)
{
    atomic_store(&rx->keyframe_wanted, true);
    wake(rx);
}

void gs_receiver_set_rtt(struct gs_receiver *rx, uint64_t rtt_ns)
{
    atomic_store(&rx->rtt, GS_MIN(rtt_ns, UINT64_MAX - 1));
    wake(rx);
}
