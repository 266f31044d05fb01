/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Datagrams into the host's srtp transport, frames out of it, in any order. A list of records: u8
 * kind, u16 size, bytes. Kind 0: a datagram as it is; 1: protected as the client's RTCP; 2: a frame
 * of those bytes is sent; 3: a new stream. Bit 2 puts the client's SSRC into RTCP, bit 3 the
 * host's; bit 4 breaks the datagram, bit 5 sends it from another address. Bit 7 means the second
 * of two receivers; with bit 6 its stream, when it is a new one, is ended by what the transport
 * says next.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/srtp.h"
#include "session/transport/transport.h"
#include "tests/fuzz/fuzz.h"

#define MAX_SIZE 1480
#define RTCP_SSRC 4        /* offsets: of the sender, in the first packet */
#define RTCP_MEDIA_SSRC 16 /* what a report block or a NACK is about, after an empty RR */

struct client {
    struct gs_stream *stream;
    struct gs_welcome welcome;
    struct gs_srtp *rtcp;
    bool present;
    bool shy; /* leaves when it is noticed */
};

struct host {
    struct gs_transport *t;
    struct client clients[2];
    int fd[2];
    uint32_t frame_id;
};

static struct client *client_of(struct host *h, const struct gs_stream *stream)
{
    struct client *c = &h->clients[h->clients[1].stream == stream];

    assert(c->stream == stream);
    return c;
}

static void detach(struct host *h, struct client *c)
{
    gs_transport_detach(h->t, c->stream);
    c->stream = NULL;
    gs_srtp_destroy(g_steal_pointer(&c->rtcp));
}

static void on_keyframe_wanted(void *user, struct gs_stream *stream)
{
    assert(client_of(user, stream)->present);
}

static void on_receiver_changed(void *user, struct gs_stream *stream, bool present)
{
    struct client *c = client_of(user, stream);

    assert(c->present != present);
    assert(stream->present == present);
    c->present = present;
    if (c->shy)
        detach(user, c);
}

static const struct gs_transport_listener listener = {on_keyframe_wanted, on_receiver_changed};

static void attach(struct host *h, struct client *c, bool shy)
{
    if (c->stream)
        detach(h, c);
    c->present = false;
    c->shy = shy;
    assert(gs_transport_attach(h->t, c == h->clients, &c->welcome, &c->stream) == 0);
    assert(gs_srtp_create(c->welcome.client_key, c->welcome.client_ssrc, GS_SRTP_SEND, &c->rtcp) ==
           0);
}

static void put_ssrc(uint8_t *out, size_t size, size_t at, uint32_t ssrc)
{
    struct gs_writer w;

    if (size < at + 4)
        return;
    gs_writer_init(&w, out + at, 4);
    gs_write_u32(&w, ssrc);
}

static void send_datagram(struct host *h, struct client *c, uint8_t kind, const uint8_t *data,
                          size_t size)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(h->t->udp_port),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    _Alignas(8) uint8_t out[MAX_SIZE + GS_SRTCP_TRAILER_SIZE] = {0};

    size = GS_MIN(size, MAX_SIZE);
    if (size)
        memcpy(out, data, size);
    if (kind & 4)
        put_ssrc(out, size, RTCP_SSRC, c->welcome.client_ssrc);
    if (kind & 8)
        put_ssrc(out, size, RTCP_MEDIA_SSRC, c->welcome.ssrc);
    if (kind & 1 && c->rtcp && gs_srtp_protect_rtcp(c->rtcp, out, &size) < 0)
        return;
    if (kind & 0x10 && size)
        out[kind % size] ^= 1;
    sendto(h->fd[kind >> 5 & 1], out, size, 0, (struct sockaddr *)&to, sizeof(to));
    while (g_main_context_iteration(NULL, FALSE))
        ;
}

static void send_frame(struct host *h, const uint8_t *data, size_t size, bool keyframe)
{
    struct gs_packet packet = {.data = data, .size = size, .keyframe = keyframe};
    struct gs_frame_trace trace = {.frame_id = ++h->frame_id, .commit = gs_now_ns()};
    int err = gs_transport_send(h->t, &packet, &trace);

    assert(err == 0 || err == -EINVAL);
}

static void step(struct host *h, struct gs_reader *r)
{
    uint8_t kind = gs_read_u8(r);
    struct client *c = &h->clients[kind >> 7];
    size_t size;
    const uint8_t *data = fuzz_bytes(r, &size);

    if ((kind & 3) == 3)
        attach(h, c, c == &h->clients[1] && kind & 0x40);
    else if ((kind & 3) == 2)
        send_frame(h, data, size, kind & 0x40);
    else
        send_datagram(h, c, kind, data, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct host h = {0};
    const struct gs_transport_params params = {.fps = 60,
                                               .receivers = 2,
                                               .bind_address = "127.0.0.1",
                                               .udp_first = 0,
                                               .udp_last = 0,
                                               .listener = &listener,
                                               .user = &h};
    struct gs_reader r;

    for (int i = 0; i < 2; i++)
        h.fd[i] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert(gs_transport_create("srtp", &params, &h.t) == 0);
    attach(&h, &h.clients[0], false);
    gs_reader_init(&r, data, size);
    while (gs_reader_left(&r) >= 3)
        step(&h, &r);
    gs_transport_destroy(h.t);
    for (int i = 0; i < 2; i++) {
        gs_srtp_destroy(h.clients[i].rtcp);
        close(h.fd[i]);
    }
    return 0;
}
