/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The route of logs. */
#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "host/control_call.h"
#include "host/log_file.h"

#define TYPE "text/plain; charset=utf-8"
#define LINES 100
#define CHUNK 65536

struct tail {
    struct gs_control_call *call;
    char *dir, *session;
    const char *file;
    int fd;      /* the log; -1: there is none yet */
    int inotify; /* of the folder */
    guint watch, more;
    unsigned listener;
    bool ended; /* the session: what is there is the rest */
};

static void tail_close(struct tail *t)
{
    if (t->listener)
        gs_sessions_unlisten(t->call->control->params.sessions, t->listener);
    if (t->watch)
        g_source_remove(t->watch);
    if (t->more)
        g_source_remove(t->more);
    if (t->fd >= 0)
        close(t->fd);
    if (t->inotify >= 0)
        close(t->inotify);
    g_free(t->dir);
    g_free(t->session);
    g_free(t);
}

static void tail_free(struct gs_control_call *call)
{
    tail_close(call->state);
    gs_control_call_free(call);
}

/* The file that has the name now, when the one before was read to its end. */
static bool open_next(struct tail *t)
{
    int fd;

    if (t->fd >= 0 && !gs_log_file_rotated(t->fd, t->dir, t->file))
        return false;
    fd = gs_log_file_open(t->dir, t->file);
    if (fd < 0)
        return false;
    if (t->fd >= 0)
        close(t->fd);
    t->fd = fd;
    return true;
}

static gboolean on_more(void *data);

/* One piece a turn, so that it gets away in between. */
static void pump(struct tail *t)
{
    struct gs_control_call *call = t->call;
    g_autofree char *text = g_malloc(CHUNK);
    ssize_t n = t->fd >= 0 ? read(t->fd, text, CHUNK) : 0;

    if (n > 0 && gs_control_stream_write(call, text, (size_t)n) < 0) {
        tail_free(call);
    } else if (n > 0 || open_next(t)) {
        if (!t->more)
            t->more = g_idle_add(on_more, t);
    } else if (t->ended) {
        gs_control_stream_end(call);
        tail_free(call);
    }
}

static gboolean on_more(void *data)
{
    struct tail *t = data;

    t->more = 0;
    pump(t);
    return G_SOURCE_REMOVE;
}

static gboolean on_change(gint fd, GIOCondition condition, void *data)
{
    char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
    struct tail *t = data;

    (void)condition;
    while (read(fd, events, sizeof(events)) > 0)
        ;
    if (!t->more)
        pump(t);
    return G_SOURCE_CONTINUE;
}

static void on_event(void *user, const struct gs_event *event)
{
    struct tail *t = user;

    if (strcmp(event->session, t->session) != 0 ||
        (strcmp(event->kind, "session-ended") != 0 && strcmp(event->kind, "session-failed") != 0))
        return;
    t->ended = true;
    if (!t->more)
        t->more = g_idle_add(on_more, t);
}

/* What is read goes out while it is written, until the session ends. Takes fd. */
static void follow(struct gs_control_call *call, const char *dir, const char *file, int fd,
                   const GString *before)
{
    struct tail *t = g_new0(struct tail, 1);

    t->call = call;
    t->dir = g_strdup(dir);
    t->session = g_strdup(call->args[0]);
    t->file = file;
    t->fd = fd;
    t->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    call->state = t;
    if (t->inotify < 0 ||
        inotify_add_watch(t->inotify, dir, IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0) {
        gs_control_refuse(call, 503, "busy", "the log cannot be watched: %s", g_strerror(errno));
        tail_close(t);
        return;
    }
    call->gone = tail_free;
    t->watch = g_unix_fd_add(t->inotify, G_IO_IN, on_change, t);
    t->listener = gs_sessions_listen(call->control->params.sessions, on_event, t);
    t->more = g_idle_add(on_more, t);
    gs_control_stream_begin(call, TYPE);
    if (before->len && gs_control_stream_write(call, before->str, before->len) < 0)
        tail_free(call);
}

static bool is_alive(struct gs_control_call *call)
{
    g_autofree char *why = NULL;
    struct gs_session_info info;

    return gs_sessions_find(call->control->params.sessions, &call->caller, call->args[0], &info,
                            &why) == 0;
}

static void answer(struct gs_control_call *call, const char *dir, const char *file, uint64_t lines,
                   bool followed)
{
    g_autoptr(GString) text = g_string_new(NULL);
    int fd = gs_log_file_open(dir, file);

    if (fd >= 0)
        gs_log_file_tail(fd, dir, file, lines, text);
    if (followed && is_alive(call)) {
        follow(call, dir, file, fd, text);
        return;
    }
    if (fd >= 0)
        close(fd);
    gs_control_answer_text(call, TYPE, text->str, text->len);
}

/* NULL: there is no such log. */
static const char *file_of(const struct gs_control_call *call)
{
    const char *kind = gs_control_query_get(&call->query, "file");

    if (!kind || strcmp(kind, "app") == 0)
        return "app.log";
    return strcmp(kind, "worker") == 0 ? "worker.log" : NULL;
}

void gs_control_get_logs(struct gs_control_call *call)
{
    uint64_t lines = LINES, followed = 0;
    const char *file = file_of(call);
    g_autofree char *dir = NULL;
    char *why = NULL;
    int err;

    if (!file) {
        gs_control_refuse(call, 400, "invalid", "the parameter 'file' must be app or worker");
        return;
    }
    if (!gs_control_number(call, "lines", UINT32_MAX, &lines) ||
        !gs_control_number(call, "follow", 1, &followed))
        return;
    err = gs_sessions_log_dir(call->control->params.sessions, &call->caller, call->args[0], &dir,
                              &why);
    if (err)
        gs_control_refuse_errno(call, err, why);
    else
        answer(call, dir, file, lines, followed);
}
