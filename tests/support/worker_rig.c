/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/worker_rig.h"

#include <errno.h>
#include <gio/gio.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/bytes.h"
#include "common/clock.h"
#include "tests/support/process.h"
#include "tests/support/session_run.h"

#define CLIENT 1
#define LINK_FD 3

/* ---- the stream ---- */

static void on_access_unit(void *user, const struct gs_access_unit *au)
{
    struct worker_rig *rig = user;
    struct worker_frame f = {.id = au->info.frame_id,
                             .bytes = (uint32_t)au->size,
                             .keyframe = au->keyframe,
                             .discontinuity = au->discontinuity,
                             .host_capture = au->info.host_capture};
    struct gs_picture *pic = NULL;

    f.err = gs_decoder_decode(rig->decoder, au, &pic);
    f.decoded = gs_now_ns();
    if (pic) {
        f.width = pic->width;
        f.height = pic->height;
    }
    pthread_mutex_lock(&rig->lock);
    g_array_append_val(rig->frames, f);
    if (pic) {
        gs_picture_unref(rig->newest);
        rig->newest = pic;
    }
    pthread_mutex_unlock(&rig->lock);
    g_main_context_wakeup(NULL);
}

static const struct gs_receiver_listener receiver_listener = {.access_unit = on_access_unit};

/* ---- the link ---- */

void worker_rig_send(struct worker_rig *rig, uint8_t type, const void *payload, size_t size)
{
    if (!rig->closed && gs_channel_send(rig->link, type, payload, size) < 0)
        fprintf(stderr, "worker rig: message %u was not sent\n", type);
}

static void on_welcome(struct worker_rig *rig, const uint8_t *json, size_t size)
{
    g_autoptr(GInetAddress) address = g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);

    if (gs_welcome_from_json((const char *)json, size, &rig->welcome) < 0 ||
        gs_receiver_create(address, &rig->welcome, &receiver_listener, rig, &rig->rx) < 0)
        fprintf(stderr, "worker rig: no stream from this welcome\n");
    else
        rig->welcomed = true;
}

static void on_client_data(struct worker_rig *rig, const uint8_t *payload, size_t size)
{
    struct worker_size s = {.at = gs_now_ns()};
    unsigned n;

    if (size < 5)
        return;
    if (payload[4] == GS_MSG_WELCOME)
        on_welcome(rig, payload + 5, size - 5);
    if (payload[4] != GS_MSG_VIDEO)
        return;
    if (gs_video_read(payload + 5, size - 5, &s.video) < 0) {
        fprintf(stderr, "worker rig: a size that cannot be was announced\n");
        abort();
    }
    n = worker_rig_frames(rig);
    s.last_id = n ? worker_rig_frame(rig, n - 1).id : 0;
    g_array_append_val(rig->sizes, s);
}

static void on_stats(struct worker_rig *rig, const char *json, size_t size)
{
    struct gs_worker_stats stats;

    if (gs_worker_stats_from_json(json, size, &stats) < 0) {
        fprintf(stderr, "worker rig: statistics that cannot be: %.*s\n", (int)size, json);
        abort();
    }
    g_array_append_val(rig->stats, stats);
}

static void on_link_frame(void *user, uint8_t type, const uint8_t *payload, size_t size)
{
    struct worker_rig *rig = user;

    if (rig->others && rig->others(rig, type, payload, size))
        return;
    if (type == GS_LINK_READY &&
        gs_worker_ready_from_json((const char *)payload, size, &rig->said) == 0) {
        rig->ready = true;
        rig->x11_display = rig->said.x11_display;
    } else if (type == GS_LINK_STATS) {
        on_stats(rig, (const char *)payload, size);
    } else if (type == GS_LINK_PONG && size == sizeof(rig->pong)) {
        memcpy(&rig->pong, payload, size);
    } else if (type == GS_LINK_ADOPT) {
        worker_host_introduced(rig, (const char *)payload, size);
    } else if (type == GS_LINK_CLIENT_DATA) {
        on_client_data(rig, payload, size);
    } else if (type == GS_LINK_ENDED) {
        rig->ended = true;
        fprintf(stderr, "worker rig: ended: %.*s\n", (int)size, (const char *)payload);
    }
}

static void on_link_closed(void *user, int err GS_UNUSED)
{
    ((struct worker_rig *)user)->closed = true;
}

static const struct gs_channel_handler handler = {on_link_frame, on_link_closed};

void worker_rig_use_link(struct worker_rig *rig, GIOStream *stream)
{
    gs_channel_destroy(rig->link);
    rig->closed = false;
    rig->link = gs_channel_create(stream, GS_PROTO_MAX_FRAME, &handler, rig);
}

/* ---- start ---- */

static void child_setup(gpointer data GS_UNUSED)
{
    setsid();
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

static int spawn(struct worker_rig *rig, int link)
{
    g_autofree char *program = gs_program_path("gpushare-session");
    const char *argv[] = {program, "--link-fd=3", NULL};
    g_auto(GStrv) env = g_environ_setenv(g_get_environ(), "GS_TEST_MARK", rig->dir, TRUE);
    g_autoptr(GError) error = NULL;
    const int target = LINK_FD;

    if (g_spawn_async_with_pipes_and_fds(NULL, argv, (const char *const *)env,
                                         G_SPAWN_DO_NOT_REAP_CHILD, child_setup, NULL, -1, -1, -1,
                                         &link, &target, 1, &rig->pid, NULL, NULL, NULL, &error))
        return 0;
    fprintf(stderr, "worker rig: %s\n", error->message);
    return -ECHILD;
}

static int connect_link(struct worker_rig *rig)
{
    int fd[2], err;
    g_autoptr(GSocket) sock = NULL;
    g_autoptr(GSocketConnection) conn = NULL;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) < 0)
        return -errno;
    err = spawn(rig, fd[1]);
    close(fd[1]);
    sock = g_socket_new_from_fd(fd[0], NULL);
    conn = g_socket_connection_factory_create_connection(sock);
    worker_rig_use_link(rig, G_IO_STREAM(conn));
    return err;
}

static void send_config(struct worker_rig *rig, const struct worker_rig_params *p)
{
    const char *const none[] = {NULL};
    struct gs_worker_config c = {.session = "rig",
                                 .width = p->width,
                                 .height = p->height,
                                 .fps = p->fps ? p->fps : 60,
                                 .max_kbps = p->max_kbps,
                                 .quality = p->quality,
                                 .bind_address = "127.0.0.1",
                                 .udp_first = GS_PROTO_UDP_FIRST,
                                 .udp_last = GS_PROTO_UDP_LAST,
                                 .viewers = GS_MAX(p->viewers, 1),
                                 .unwatched = p->unwatched,
                                 .secret = WORKER_HOST_SECRET,
                                 .argv = (char **)(p->argv ? p->argv : none)};
    char *json;

    g_strlcpy(c.source, p->source ? p->source : "", sizeof(c.source));
    g_strlcpy(c.encoder, p->encoder ? p->encoder : "", sizeof(c.encoder));
    g_strlcpy(c.converter, p->converter ? p->converter : "", sizeof(c.converter));
    g_strlcpy(c.runtime_dir, rig->dir, sizeof(c.runtime_dir));
    g_strlcpy(c.app_cgroup, p->app_cgroup ? p->app_cgroup : "", sizeof(c.app_cgroup));
    if (p->adopt)
        worker_host_path(rig, c.adopt_path, sizeof(c.adopt_path));
    json = gs_worker_config_to_json(&c);
    worker_rig_send(rig, GS_LINK_CONFIG, json, strlen(json));
    free(json);
}

void worker_rig_enter(struct worker_rig *rig)
{
    const struct gs_client_open open = {
        .hello = {.session = "rig", .client = "test", .decoder = "software"},
        .resume = WORKER_RIG_RESUME};
    uint8_t id[4];
    struct gs_writer w;
    char *json = gs_client_open_to_json(&open);

    gs_writer_init(&w, id, sizeof(id));
    gs_write_u32(&w, CLIENT);
    if (gs_channel_send2(rig->link, GS_LINK_CLIENT_OPEN, id, sizeof(id), json, strlen(json)) < 0)
        fprintf(stderr, "worker rig: no client was opened\n");
    free(json);
}

static bool is_ready(struct worker_rig *rig, void *user GS_UNUSED)
{
    return rig->ready || rig->closed;
}

static bool has_picture(struct worker_rig *rig, void *user GS_UNUSED)
{
    return rig->closed || worker_rig_frames(rig) > 0;
}

int worker_rig_start(const struct worker_rig_params *params, struct worker_rig *ret)
{
    int err;

    memset(ret, 0, sizeof(*ret));
    ret->others = params->others;
    ret->others_data = params->others_data;
    pthread_mutex_init(&ret->lock, NULL);
    ret->frames = g_array_new(FALSE, FALSE, sizeof(struct worker_frame));
    ret->sizes = g_array_new(FALSE, FALSE, sizeof(struct worker_size));
    ret->stats = g_array_new(FALSE, FALSE, sizeof(struct gs_worker_stats));
    ret->dir = g_dir_make_tmp("gs-test-XXXXXX", NULL);
    if (!ret->dir)
        return -EIO;
    ret->mark = g_strconcat("GS_TEST_MARK=", ret->dir, NULL);
    err = gs_decoder_create("software", &ret->decoder);
    if (!err)
        err = connect_link(ret);
    if (err < 0)
        return err;
    send_config(ret, params);
    if (!worker_rig_wait(ret, is_ready, NULL) || !ret->ready)
        return -EPROTO;
    worker_rig_enter(ret);
    return worker_rig_wait(ret, has_picture, NULL) && !ret->closed ? 0 : -ETIMEDOUT;
}

/* ---- end ---- */

static bool is_closed(struct worker_rig *rig, void *user GS_UNUSED)
{
    return rig->closed;
}

int worker_rig_stop(struct worker_rig *rig)
{
    worker_rig_send(rig, GS_LINK_STOP, NULL, 0);
    if (!worker_rig_wait(rig, is_closed, NULL))
        return -ETIMEDOUT;
    return gs_process_wait_unmarked(rig->mark, WORKER_RIG_DEADLINE_MS) ? 0 : -EBUSY;
}

void worker_rig_finish(struct worker_rig *rig)
{
    gs_receiver_destroy(rig->rx);
    worker_host_finish(rig);
    gs_channel_destroy(rig->link);
    if (rig->pid)
        kill(rig->pid, SIGKILL);
    if (rig->mark)
        gs_process_count_marked(rig->mark, true);
    if (rig->pid)
        g_spawn_close_pid(rig->pid);
    gs_decoder_destroy(rig->decoder);
    gs_picture_unref(rig->newest);
    g_clear_pointer(&rig->frames, g_array_unref);
    g_clear_pointer(&rig->sizes, g_array_unref);
    g_clear_pointer(&rig->stats, g_array_unref);
    if (rig->dir)
        gs_process_remove_dir(rig->dir);
    g_free(rig->dir);
    g_free(rig->mark);
    pthread_mutex_destroy(&rig->lock);
}

/* ---- use ---- */

void worker_rig_leave(struct worker_rig *rig)
{
    static const char bye[] = "{\"v\":1,\"reason\":\"\",\"status\":0}";
    uint8_t payload[4 + sizeof(bye) - 1];
    struct gs_writer w;

    gs_writer_init(&w, payload, sizeof(payload));
    gs_write_u32(&w, CLIENT);
    memcpy(payload + 4, bye, sizeof(bye) - 1);
    worker_rig_send(rig, GS_LINK_CLIENT_CLOSE, payload, sizeof(payload));
    gs_receiver_destroy(g_steal_pointer(&rig->rx));
    rig->welcomed = false;
}

void worker_rig_resize_raw(struct worker_rig *rig, const void *payload, size_t size)
{
    rig->asked_at = gs_now_ns();
    worker_rig_send(rig, GS_LINK_RESIZE, payload, size);
}

void worker_rig_resize(struct worker_rig *rig, uint32_t width, uint32_t height)
{
    const struct gs_video video = {width, height};
    uint8_t payload[GS_VIDEO_SIZE];

    gs_video_write(&video, payload);
    worker_rig_resize_raw(rig, payload, sizeof(payload));
}

void worker_rig_input(struct worker_rig *rig, const struct gs_input *in)
{
    struct gs_input numbered = *in;
    uint8_t payload[5 + GS_INPUT_SIZE];
    struct gs_writer w;

    numbered.id = ++rig->inputs;
    gs_writer_init(&w, payload, sizeof(payload));
    gs_write_u32(&w, CLIENT);
    gs_write_u8(&w, GS_MSG_INPUT);
    gs_input_write(&numbered, payload + 5);
    worker_rig_send(rig, GS_LINK_CLIENT_DATA, payload, sizeof(payload));
}

static gboolean set_flag(gpointer flag)
{
    *(bool *)flag = true;
    return G_SOURCE_CONTINUE;
}

static bool turn(struct worker_rig *rig, bool (*done)(struct worker_rig *rig, void *user),
                 void *user, unsigned ms)
{
    bool over = false;
    guint timer = g_timeout_add(ms, set_flag, &over);
    bool ok = done && done(rig, user);

    while (!ok && !over) {
        g_main_context_iteration(NULL, TRUE);
        ok = done && done(rig, user);
    }
    g_source_remove(timer);
    return ok;
}

bool worker_rig_wait(struct worker_rig *rig, bool (*done)(struct worker_rig *rig, void *user),
                     void *user)
{
    return turn(rig, done, user, WORKER_RIG_DEADLINE_MS);
}

void worker_rig_run(struct worker_rig *rig, unsigned ms)
{
    turn(rig, NULL, NULL, ms);
}

unsigned worker_rig_frames(struct worker_rig *rig)
{
    unsigned n;

    pthread_mutex_lock(&rig->lock);
    n = rig->frames->len;
    pthread_mutex_unlock(&rig->lock);
    return n;
}

struct worker_frame worker_rig_frame(struct worker_rig *rig, unsigned i)
{
    struct worker_frame f;

    pthread_mutex_lock(&rig->lock);
    f = g_array_index(rig->frames, struct worker_frame, i);
    pthread_mutex_unlock(&rig->lock);
    return f;
}

struct gs_picture *worker_rig_picture(struct worker_rig *rig)
{
    struct gs_picture *pic;

    pthread_mutex_lock(&rig->lock);
    pic = rig->newest ? gs_picture_ref(rig->newest) : NULL;
    pthread_mutex_unlock(&rig->lock);
    return pic;
}
