/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Datagrams into the client's receiver, through its socket and its thread. A list of records: u8
 * kind, u16 size, bytes. Kind 0: as they are; 1: protected as RTP; 2: as RTCP; 3: the payload of a
 * good RTP packet. Bit 4 breaks the datagram afterwards, bit 5 makes RTP a new frame.
 */
#include <arpa/inet.h>
#include <glib.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/receive/receiver.h"
#include "common/rtp.h"
#include "common/srtp.h"
#include "tests/fuzz/fuzz.h"

#define MAX_SIZE 1500
#define SSRC 0x01020304

struct host {
    int fd;
    struct sockaddr_in client;
    struct gs_srtp *rtp, *rtcp;
    struct gs_rtp_packet next;
};

static void take(void *user, const struct gs_access_unit *au)
{
    uint8_t *sum = user;

    assert(au->size);
    for (size_t i = 0; i < au->size; i++)
        *sum ^= au->data[i];
}

static void send_datagram(struct host *h, const uint8_t *data, size_t size)
{
    sendto(h->fd, data, size, 0, (struct sockaddr *)&h->client, sizeof(h->client));
}

static size_t good_packet(struct host *h, uint8_t kind, const uint8_t *data, size_t size,
                          uint8_t *out)
{
    size_t n;

    h->next.seq++;
    h->next.frame_id += kind >> 5 & 1;
    h->next.marker = h->next.has_stages = kind >> 6 & 1;
    n = gs_rtp_write_header(&h->next, out);
    if (size)
        memcpy(out + n, data, size);
    return n + size;
}

static void send_record(struct host *h, struct gs_reader *r)
{
    _Alignas(8) uint8_t out[MAX_SIZE + GS_RTP_MAX_HEADER + GS_SRTCP_TRAILER_SIZE] = {0};
    uint8_t kind = gs_read_u8(r);
    const uint8_t *data;
    size_t n;
    int err = 0;

    data = fuzz_bytes(r, &n);
    n = GS_MIN(n, MAX_SIZE);
    if ((kind & 3) == 3)
        n = good_packet(h, kind, data, n, out);
    else if (n)
        memcpy(out, data, n);
    if ((kind & 3) == 2)
        err = gs_srtp_protect_rtcp(h->rtcp, out, &n);
    else if (kind & 3)
        err = gs_srtp_protect(h->rtp, out, &n);
    if (kind & 0x10 && n)
        out[kind % n] ^= 1;
    if (!err)
        send_datagram(h, out, n);
}

/* The first report of the receiver says where it is. */
static bool hear(struct host *h)
{
    struct pollfd p = {.fd = h->fd, .events = POLLIN};
    socklen_t size = sizeof(h->client);
    uint8_t data[MAX_SIZE];

    return poll(&p, 1, 5000) == 1 &&
           recvfrom(h->fd, data, sizeof(data), 0, (struct sockaddr *)&h->client, &size) > 0;
}

/* A last packet, after which everything before was taken. */
static void flush(struct host *h, struct gs_receiver *rx)
{
    _Alignas(8) uint8_t out[GS_RTP_MAX_HEADER + GS_SRTP_TAG_SIZE + 8];
    struct gs_receiver_stats before, stats;

    gs_receiver_get_stats(rx, &before);
    for (int i = 0; i < 1000; i++) {
        size_t n = good_packet(h, 0x60, (const uint8_t *)"\x41\x80", 2, out);

        if (gs_srtp_protect(h->rtp, out, &n) == 0)
            send_datagram(h, out, n);
        for (int k = 0; k < 50; k++) {
            gs_receiver_get_stats(rx, &stats);
            if (stats.packets + stats.rejected > before.packets + before.rejected)
                return;
            g_usleep(20);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct gs_receiver_listener listener = {.access_unit = take};
    struct host h = {
        .client = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}},
        .next = {.payload_type = GS_RTP_PAYLOAD_TYPE, .ssrc = SSRC, .has_frame = true}};
    g_autoptr(GInetAddress) loopback = g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
    struct gs_welcome welcome = {.ssrc = SSRC, .client_ssrc = 5};
    socklen_t addr_size = sizeof(h.client);
    struct gs_receiver *rx = NULL;
    struct gs_reader r;
    uint8_t sum = 0;

    h.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert(bind(h.fd, (struct sockaddr *)&h.client, sizeof(h.client)) == 0);
    assert(getsockname(h.fd, (struct sockaddr *)&h.client, &addr_size) == 0);
    welcome.udp_port = ntohs(h.client.sin_port);
    assert(gs_srtp_create(welcome.host_key, SSRC, GS_SRTP_SEND, &h.rtp) == 0);
    assert(gs_srtp_create(welcome.host_key, SSRC, GS_SRTP_SEND, &h.rtcp) == 0);
    assert(gs_receiver_create(loopback, &welcome, &listener, &sum, &rx) == 0);
    assert(hear(&h));
    gs_reader_init(&r, data, size);
    while (gs_reader_left(&r) >= 3)
        send_record(&h, &r);
    flush(&h, rx);
    gs_receiver_destroy(rx);
    gs_srtp_destroy(h.rtp);
    gs_srtp_destroy(h.rtcp);
    close(h.fd);
    return 0;
}
