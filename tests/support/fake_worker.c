/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stands in for gpushare-session on the link. The first argument of the "application" says what it
 * does, the second names a file for the process ids and the X display that it has:
 *   echo     ready; a new client gets its hello back as WELCOME, PING comes back as PONG, INPUT as
 *            CURSOR; BYE closes the client
 *   family   the same, with children: one in a session of its own, one whose parent is gone
 *   end0, end1  ended with that status when the first client comes
 *   close    closes every client with a reason
 *   silent   never ready
 *   die      exits with status 7 at once
 *   crash    aborts when the first client comes
 *   babble   breaks the protocol of the link once a client comes
 *   deaf     ignores that it shall stop, and SIGTERM
 *   open     answers a new client with all that CLIENT_OPEN said, as WELCOME
 *   hung     is ready, and answers no PING of the host
 *   chatty   answers SET with a thousand lines of its own and of the application, among them one
 *            with control characters and one very long one, and then with STATS
 *   hungry   answers SET by taking memory until it gets no more
 *   slots    wants an encoder slot, and says STATS when it is given one or not
 *   turns    asks for its page of the scheduler, and draws a frame at each PING: in STATS refined
 *            counts pages, frames those that could be drawn, dropped the refusals of a page
 *   liar     the same with a wrong secret
 * A PING of the host is answered with PONG and STATS: fps_milli is what SET said of the rate, kbps
 * the width that RESIZE said. A link that ends is made again where the configuration says so.
 */
#include <errno.h>
#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/bytes.h"
#include "common/channel.h"
#include "common/link.h"
#include "common/proto.h"
#include "tests/support/fake_turns.h"

static struct gs_channel *link_channel;
static int app_fd = STDERR_FILENO;
static struct gs_worker_stats stats;
static GPtrArray *eaten;
static struct gs_worker_config config;
static struct gs_worker_ready ready = {47810, -1, "fake", "fake", "fake", ""};
static struct gs_worker_adopt me;
static bool configured;
static char mode[16] = "echo";
static struct gs_grant_channel turns = GS_GRANT_CHANNEL_NONE;

static void check(int err)
{
    if (err)
        exit(9);
}

static void start_family(FILE *pids)
{
    int fd[2];
    pid_t child;

    if (pipe(fd) < 0)
        exit(9);
    child = fork();
    if (child == 0) {
        setsid();
        child = fork();
        if (child > 0)
            _exit(write(fd[1], &child, sizeof(child)) != sizeof(child));
        for (;;)
            pause();
    }
    if (read(fd[0], &child, sizeof(child)) != sizeof(child))
        exit(9);
    fprintf(pids, "%d\n", (int)child);
    child = fork();
    if (child == 0) {
        setsid();
        for (;;)
            pause();
    }
    fprintf(pids, "%d\n", (int)child);
    fflush(pids);
}

/* A lock as an X server makes it, and a file in the session's directory. */
static int leave_traces(void)
{
    int display = 20000 + getpid() % 10000;
    g_autofree char *lock = g_strdup_printf("/tmp/.X%d-lock", display);
    g_autofree char *text = g_strdup_printf("%10d\n", (int)getpid());
    g_autofree char *file = g_build_filename(config.runtime_dir, "sub", NULL);

    g_file_set_contents(lock, text, -1, NULL);
    check(g_mkdir_with_parents(file, 0700));
    return display;
}

static bool has_turns(void)
{
    return strcmp(mode, "turns") == 0 || strcmp(mode, "liar") == 0;
}

/* The socket stays open as long as the page counts. */
static int page_socket = -1;

static gboolean take_page(gpointer data)
{
    int err = fake_turns_receive(page_socket, &turns);

    (void)data;
    stats.refined += err == 0;
    stats.dropped += err == -ECONNRESET;
    return G_SOURCE_REMOVE;
}

/* Asked before READY and ADOPT are out, as it may come to the host in any order. */
static void get_page(void)
{
    struct gs_worker_grants who = {0};

    if (page_socket >= 0)
        close(page_socket);
    gs_grant_channel_finish(&turns);
    g_strlcpy(who.session, config.session, sizeof(who.session));
    g_strlcpy(who.secret, strcmp(mode, "liar") == 0 ? "guessed" : config.secret,
              sizeof(who.secret));
    page_socket = fake_turns_connect(config.adopt_path, &who);
    check(page_socket < 0);
    g_timeout_add(50, take_page, NULL);
}

static void draw_frame(void)
{
    if (!turns.page || !fake_turns_begin(&turns))
        return;
    fake_turns_end(&turns);
    stats.frames++;
}

static void configure(const uint8_t *json, size_t size)
{
    char *text;
    FILE *pids;

    check(gs_worker_config_from_json((const char *)json, size, &config));
    configured = true;
    if (config.argv[0] && config.argv[1])
        g_strlcpy(mode, config.argv[1], sizeof(mode));
    pids = fopen(config.argv[1] && config.argv[2] ? config.argv[2] : "/dev/null", "w");
    if (!pids)
        exit(9);
    if (strcmp(mode, "family") == 0)
        ready.x11_display = leave_traces();
    fprintf(pids, "%d\n%d\n", (int)getpid(), ready.x11_display);
    if (strcmp(mode, "family") == 0)
        start_family(pids);
    fclose(pids);
    puts("what an application writes on its standard output");
    fflush(stdout);
    if (strcmp(mode, "deaf") == 0)
        signal(SIGTERM, SIG_IGN);
    if (strcmp(mode, "die") == 0)
        exit(7);
    if (strcmp(mode, "silent") == 0)
        return;
    if (has_turns())
        get_page();
    text = gs_worker_ready_to_json(&ready);
    check(gs_channel_send(link_channel, GS_LINK_READY, text, strlen(text)));
    free(text);
}

static void send_bye(uint8_t type, const uint8_t *head, size_t head_size, int status)
{
    struct gs_bye bye = {.reason = "said the fake worker", .status = status};
    char *json = gs_bye_to_json(&bye);

    check(gs_channel_send2(link_channel, type, head, head_size, json, strlen(json)));
    free(json);
}

/* Told in ADOPT. */
static void note_viewer(const struct gs_client_open *open)
{
    for (unsigned i = 0; i < me.n_viewers; i++) {
        if (strcmp(me.viewers[i].resume, open->resume) == 0)
            return;
    }
    if (me.n_viewers == GS_VIEWERS_MAX)
        return;
    me.viewers[me.n_viewers].view = open->view;
    g_strlcpy(me.viewers[me.n_viewers++].resume, open->resume, GS_PROTO_TICKET_MAX);
}

static void client_open(const uint8_t *payload, size_t size)
{
    uint8_t head[5] = {0, 0, 0, 0, GS_MSG_WELCOME};

    memcpy(head, payload, 4);
    if (strncmp(mode, "end", 3) == 0) {
        send_bye(GS_LINK_ENDED, NULL, 0, mode[3] - '0');
        gs_channel_close_after_flush(link_channel, 1000);
    } else if (strcmp(mode, "close") == 0) {
        send_bye(GS_LINK_CLIENT_CLOSE, payload, 4, 4);
    } else if (strcmp(mode, "crash") == 0) {
        signal(SIGABRT, SIG_DFL);
        abort();
    } else if (strcmp(mode, "babble") == 0) {
        check(gs_channel_send(link_channel, 200, "x", 1));
    } else {
        struct gs_client_open open;
        char *answer;

        check(gs_client_open_from_json((const char *)payload + 4, size - 4, &open));
        note_viewer(&open);
        answer = strcmp(mode, "open") == 0 ? gs_client_open_to_json(&open)
                                           : gs_hello_to_json(&open.hello);
        check(gs_channel_send2(link_channel, GS_LINK_CLIENT_DATA, head, 5, answer, strlen(answer)));
        free(answer);
    }
}

static void client_data(const uint8_t *payload, size_t size)
{
    uint8_t head[5];

    memcpy(head, payload, 5);
    if (payload[4] == GS_MSG_BYE) {
        send_bye(GS_LINK_CLIENT_CLOSE, payload, 4, 0);
        return;
    }
    head[4] = payload[4] == GS_MSG_PING ? GS_MSG_PONG : GS_MSG_CURSOR;
    if (payload[4] == GS_MSG_PING || payload[4] == GS_MSG_INPUT)
        check(gs_channel_send2(link_channel, GS_LINK_CLIENT_DATA, head, 5, payload + 5, size - 5));
}

static void chat(void)
{
    static unsigned n;

    dprintf(app_fd, "a\033[31mb\r\n");
    for (unsigned i = 0; i < 10000; i++)
        dprintf(app_fd, "x");
    for (unsigned i = 0; i < 1000; i++, n++) {
        dprintf(app_fd, "application %u\n", n);
        dprintf(STDERR_FILENO, "worker %u\n", n);
    }
}

static void send_stats(void)
{
    char *text = gs_worker_stats_to_json(&stats);

    check(gs_channel_send(link_channel, GS_LINK_STATS, text, strlen(text)));
    free(text);
}

static void ping(const uint8_t *payload, size_t size)
{
    check(gs_channel_send(link_channel, GS_LINK_PONG, payload, size));
    if (has_turns())
        draw_frame();
    send_stats();
}

static void eat(void)
{
    for (unsigned i = 0; i < 1024; i++) {
        char *block = g_try_malloc(1 << 20);

        if (!block)
            exit(8);
        memset(block, 1, 1 << 20);
        g_ptr_array_add(eaten, block);
    }
    exit(8);
}

static void want_slot(void)
{
    me.slot = GS_SLOT_WANTED;
    check(gs_channel_send(link_channel, GS_LINK_SLOT_WANT, "", 1));
}

static void slot_given(void)
{
    me.slot = GS_SLOT_HELD;
    g_strlcpy(stats.encoder, "hardware", sizeof(stats.encoder));
    stats.spilled[0] = '\0';
    send_stats();
}

static void slot_taken(const uint8_t *payload, size_t size)
{
    const uint8_t back = GS_SLOT_END_BACK;
    struct gs_reader r;

    gs_reader_init(&r, payload, size);
    g_strlcpy(stats.encoder, "software", sizeof(stats.encoder));
    g_snprintf(stats.spilled, sizeof(stats.spilled), "%u are taken", gs_read_u32(&r));
    check(r.overrun);
    send_stats();
    if (me.slot != GS_SLOT_HELD)
        return;
    check(gs_channel_send(link_channel, GS_LINK_SLOT_FREE, &back, 1));
    want_slot();
}

static void set(const uint8_t *payload, size_t size)
{
    struct gs_worker_set s;

    check(gs_worker_set_from_json((const char *)payload, size, &s));
    stats.fps_milli = (uint32_t)(s.fps * 1000);
    if (strcmp(mode, "hungry") == 0)
        eat();
    if (strcmp(mode, "chatty") != 0)
        return;
    chat();
    send_stats();
}

static void resize(const uint8_t *payload, size_t size)
{
    struct gs_video video;

    check(gs_video_read(payload, size, &video));
    stats.kbps = video.width;
}

static void on_frame(void *user, uint8_t type, const uint8_t *payload, size_t size)
{
    (void)user;
    if (!configured && type != GS_LINK_CONFIG)
        exit(9);
    if (type == GS_LINK_CONFIG) {
        configure(payload, size);
        if (strcmp(mode, "slots") == 0)
            want_slot();
    }
    if (type == GS_LINK_CLIENT_OPEN)
        client_open(payload, size);
    else if (type == GS_LINK_CLIENT_DATA)
        client_data(payload, size);
    else if (type == GS_LINK_PING && strcmp(mode, "hung") != 0)
        ping(payload, size);
    else if (type == GS_LINK_SET)
        set(payload, size);
    else if (type == GS_LINK_RESIZE)
        resize(payload, size);
    else if (type == GS_LINK_SLOT_GIVEN)
        slot_given();
    else if (type == GS_LINK_SLOT_TAKEN)
        slot_taken(payload, size);
    else if (type == GS_LINK_STOP && strcmp(mode, "deaf") != 0)
        exit(0);
}

static void on_closed(void *user, int err);

static const struct gs_channel_handler handler = {on_frame, on_closed};

static void adopt_me(void)
{
    char *text;

    me.ready = ready;
    g_strlcpy(me.session, config.session, sizeof(me.session));
    g_strlcpy(me.secret, config.secret, sizeof(me.secret));
    if (has_turns())
        get_page();
    text = gs_worker_adopt_to_json(&me);
    check(gs_channel_send(link_channel, GS_LINK_ADOPT, text, strlen(text)));
    free(text);
}

static gboolean connect_again(gpointer data)
{
    g_autoptr(GSocketClient) client = g_socket_client_new();
    g_autoptr(GSocketAddress) address = g_unix_socket_address_new(config.adopt_path);
    g_autoptr(GSocketConnection) conn =
        g_socket_client_connect(client, G_SOCKET_CONNECTABLE(address), NULL, NULL);

    (void)data;
    if (!conn)
        return G_SOURCE_CONTINUE;
    link_channel = gs_channel_create(G_IO_STREAM(conn), 5000000, &handler, NULL);
    adopt_me();
    return G_SOURCE_REMOVE;
}

static void on_closed(void *user, int err)
{
    (void)user;
    if (!config.adopt_path[0] || strncmp(mode, "end", 3) == 0)
        exit(err ? 9 : 0);
    gs_channel_destroy(link_channel);
    g_timeout_add(20, connect_again, NULL);
}

int main(int argc, char **argv)
{
    g_autoptr(GSocket) sock = NULL;
    g_autoptr(GSocketConnection) conn = NULL;

    if (argc < 2 || strcmp(argv[1], "--link-fd=3") != 0)
        return 9;
    if (argc > 2 && sscanf(argv[2], "--app-fd=%d", &app_fd) != 1)
        return 9;
    sock = g_socket_new_from_fd(3, NULL);
    if (!sock)
        return 9;
    conn = g_socket_connection_factory_create_connection(sock);
    link_channel = gs_channel_create(G_IO_STREAM(conn), 5000000, &handler, NULL);
    eaten = g_ptr_array_new();
    for (;;)
        g_main_context_iteration(NULL, TRUE);
}
