/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/integration/media_tap.h"

#include <arpa/inet.h>
#include <glib-unix.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/decode.h"
#include "client/receive/assemble.h"
#include "common/clock.h"
#include "common/rtcp.h"
#include "common/rtp.h"
#include "common/srtp.h"
#include "tests/support/control_client.h"
#include "tests/support/pcap.h"

#define REPORT_MS 100
#define PATIENCE_S 30
#define DATAGRAM 2048

struct media_tap {
    struct control_client *control;
    struct gs_welcome welcome;
    struct sockaddr_in host, copy;
    int fd;
    uint16_t port;
    struct gs_srtp *in, *out;
    struct gs_assembler *assembler;
    struct gs_decoder *decoder;
    GByteArray *pictures;
    unsigned n_pictures, wanted;
    bool asked; /* for a key frame in the middle */
    FILE *stream;
    struct gs_pcap *protected, *plain;
};

static void keep_plane(struct media_tap *tap, const struct gs_picture *pic, int plane)
{
    const struct gs_picture_pixels *p = &pic->pixels;

    for (uint32_t y = 0; y < gs_picture_rows(pic, plane); y++)
        g_byte_array_append(tap->pictures, p->data[plane] + (int)y * p->stride[plane],
                            gs_picture_row_size(pic, plane));
}

static void on_access_unit(void *user, const struct gs_access_unit *au)
{
    struct media_tap *tap = user;
    struct gs_picture *pic = NULL;

    fwrite(au->data, 1, au->size, tap->stream);
    if (gs_decoder_decode(tap->decoder, au, &pic) < 0)
        return;
    for (int plane = 0; plane < 3; plane++)
        keep_plane(tap, pic, plane);
    gs_picture_unref(pic);
    tap->n_pictures++;
}

static void report(struct media_tap *tap, bool pli)
{
    struct gs_rtcp rtcp = {
        .sender_ssrc = tap->welcome.client_ssrc, .media_ssrc = tap->welcome.ssrc, .pli = pli};
    _Alignas(8) uint8_t out[GS_RTCP_MAX_PACKET + GS_SRTCP_TRAILER_SIZE];
    struct gs_assembler_report r;
    size_t size;

    rtcp.has_report = gs_assembler_report(tap->assembler, &r);
    if (rtcp.has_report)
        rtcp.report = (struct gs_rtcp_report_block){.ssrc = tap->welcome.ssrc,
                                                    .fraction_lost = r.fraction_lost,
                                                    .cumulative_lost = r.cumulative_lost,
                                                    .highest_seq = r.highest_seq};
    size = (size_t)gs_rtcp_write(&rtcp, "tap", out, GS_RTCP_MAX_PACKET);
    gs_pcap_write(tap->plain, tap->port, tap->welcome.udp_port, out, size, gs_now_ns());
    if (gs_srtp_protect_rtcp(tap->out, out, &size) < 0)
        return;
    gs_pcap_write(tap->protected, tap->port, tap->welcome.udp_port, out, size, gs_now_ns());
    sendto(tap->fd, out, size, 0, (struct sockaddr *)&tap->host, sizeof(tap->host));
}

static void take(struct media_tap *tap, uint8_t *data, size_t size)
{
    bool is_rtcp = gs_rtcp_is_rtcp(data, size);
    struct gs_rtp_packet packet;
    uint64_t now = gs_now_ns();
    int err;

    gs_pcap_write(tap->protected, tap->welcome.udp_port, tap->port, data, size, now);
    if (!is_rtcp)
        sendto(tap->fd, data, size, 0, (struct sockaddr *)&tap->copy, sizeof(tap->copy));
    err = is_rtcp ? gs_srtp_unprotect_rtcp(tap->in, data, &size)
                  : gs_srtp_unprotect(tap->in, data, &size);
    if (err < 0)
        return;
    gs_pcap_write(tap->plain, tap->welcome.udp_port, tap->port, data, size, now);
    if (!is_rtcp && gs_rtp_parse(data, size, &packet) == 0)
        gs_assembler_push(tap->assembler, &packet, now);
    if (!tap->asked && tap->n_pictures >= tap->wanted / 2) {
        tap->asked = true;
        report(tap, true);
    }
}

static gboolean on_readable(gint fd, GIOCondition condition, gpointer user)
{
    struct media_tap *tap = user;
    _Alignas(8) uint8_t data[DATAGRAM];
    ssize_t n;

    (void)condition;
    while (tap->n_pictures < tap->wanted && (n = recv(fd, data, sizeof(data), MSG_DONTWAIT)) >= 0)
        take(tap, data, (size_t)n);
    return G_SOURCE_CONTINUE;
}

static gboolean on_report(gpointer user)
{
    report(user, false);
    return G_SOURCE_CONTINUE;
}

static bool let_in(struct media_tap *tap, const struct gs_url *url)
{
    GByteArray *payload = NULL;
    bool ok;

    tap->control = control_client_open(url);
    if (!tap->control)
        return false;
    control_client_hello(tap->control, url->session, url->ticket);
    ok = control_client_next(tap->control, &payload) == GS_MSG_WELCOME &&
         gs_welcome_from_json((const char *)payload->data, payload->len, &tap->welcome) == 0;
    if (payload)
        g_byte_array_unref(payload);
    return ok;
}

static bool open_socket(struct media_tap *tap, const char *host)
{
    struct sockaddr_in own = {.sin_family = AF_INET};
    socklen_t size = sizeof(own);
    int buffer = 4 << 20;

    tap->host =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(tap->welcome.udp_port)};
    tap->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (tap->fd < 0 || inet_pton(AF_INET, host, &tap->host.sin_addr) != 1)
        return false;
    setsockopt(tap->fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer));
    if (bind(tap->fd, (struct sockaddr *)&own, size) < 0 ||
        getsockname(tap->fd, (struct sockaddr *)&own, &size) < 0)
        return false;
    tap->port = ntohs(own.sin_port);
    return true;
}

struct media_tap *media_tap_open(const struct gs_session_run *run,
                                 const struct media_tap_params *params)
{
    static const struct gs_receiver_listener listener = {.access_unit = on_access_unit};
    struct media_tap *tap = g_new0(struct media_tap, 1);
    struct gs_url url;
    const char *why;

    tap->fd = -1;
    tap->pictures = g_byte_array_new();
    tap->stream = fopen(params->stream, "wbe");
    tap->assembler = gs_assembler_create(&listener, tap, gs_now_ns());
    if (!tap->stream || gs_pcap_open(params->protected, &tap->protected) < 0 ||
        gs_pcap_open(params->plain, &tap->plain) < 0 || gs_url_parse(run->url, &url, &why) < 0 ||
        !let_in(tap, &url) || !open_socket(tap, url.host) ||
        gs_decoder_create("software", &tap->decoder) < 0 ||
        gs_srtp_create(tap->welcome.host_key, tap->welcome.ssrc, GS_SRTP_RECEIVE, &tap->in) < 0 ||
        gs_srtp_create(tap->welcome.client_key, tap->welcome.client_ssrc, GS_SRTP_SEND, &tap->out) <
            0) {
        media_tap_close(tap);
        return NULL;
    }
    return tap;
}

const struct gs_welcome *media_tap_welcome(const struct media_tap *tap)
{
    return &tap->welcome;
}

static gboolean on_late(gpointer user)
{
    *(bool *)user = true;
    return G_SOURCE_CONTINUE;
}

bool media_tap_run(struct media_tap *tap, unsigned frames, uint16_t copy_port)
{
    bool late = false;
    guint sources[3];

    tap->wanted = frames;
    tap->copy = (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(copy_port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    report(tap, false);
    sources[0] = g_timeout_add_seconds(PATIENCE_S, on_late, &late);
    sources[1] = g_timeout_add(REPORT_MS, on_report, tap);
    sources[2] = g_unix_fd_add(tap->fd, G_IO_IN, on_readable, tap);
    while (tap->n_pictures < frames && !late)
        g_main_context_iteration(NULL, TRUE);
    for (size_t i = 0; i < GS_ARRAY_SIZE(sources); i++)
        g_source_remove(sources[i]);
    return tap->n_pictures == frames;
}

const GByteArray *media_tap_pictures(const struct media_tap *tap)
{
    return tap->pictures;
}

unsigned media_tap_n_pictures(const struct media_tap *tap)
{
    return tap->n_pictures;
}

bool media_tap_close(struct media_tap *tap)
{
    bool ok = tap->stream && fclose(tap->stream) == 0;

    ok &= gs_pcap_close(tap->protected) == 0;
    ok &= gs_pcap_close(tap->plain) == 0;
    control_client_close(tap->control);
    gs_srtp_destroy(tap->in);
    gs_srtp_destroy(tap->out);
    gs_decoder_destroy(tap->decoder);
    gs_assembler_destroy(tap->assembler);
    g_byte_array_unref(tap->pictures);
    if (tap->fd >= 0)
        close(tap->fd);
    g_free(tap);
    return ok;
}
