/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/alarm.h"

#include <errno.h>
#include <glib.h>
#include <stdbool.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"

struct source {
    GSource base;
    struct gs_alarm *alarm;
    gpointer timer_tag, fd_tag;
};

struct gs_alarm {
    GSource *source;
    void (*ring)(void *user);
    void *user;
    bool due; /* at once */
    int timer_fd, fd;
    uint64_t timer_at; /* what timer_fd is set to; 0: off */
};

static void clear_fd(int fd)
{
    uint64_t n;

    if (read(fd, &n, sizeof(n)) < 0 && errno != EAGAIN)
        gs_error("alarm: read: %s", g_strerror(errno));
}

static gboolean alarm_prepare(GSource *source, gint *timeout)
{
    *timeout = -1;
    return ((struct source *)source)->alarm->due;
}

static gboolean alarm_check(GSource *source)
{
    struct source *s = (struct source *)source;

    return s->alarm->due || g_source_query_unix_fd(source, s->timer_tag) ||
           g_source_query_unix_fd(source, s->fd_tag);
}

static gboolean alarm_dispatch(GSource *source, GSourceFunc callback GS_UNUSED,
                               gpointer data GS_UNUSED)
{
    struct source *s = (struct source *)source;
    struct gs_alarm *a = s->alarm;

    if (g_source_query_unix_fd(source, s->timer_tag)) {
        clear_fd(a->timer_fd);
        a->timer_at = 0;
    }
    if (g_source_query_unix_fd(source, s->fd_tag))
        clear_fd(a->fd);
    a->due = false;
    a->ring(a->user);
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs funcs = {
    .prepare = alarm_prepare, .check = alarm_check, .dispatch = alarm_dispatch};

static void attach(struct gs_alarm *a)
{
    struct source *s;

    a->source = g_source_new(&funcs, sizeof(struct source));
    s = (struct source *)a->source;
    s->alarm = a;
    s->timer_tag = g_source_add_unix_fd(a->source, a->timer_fd, G_IO_IN);
    s->fd_tag = g_source_add_unix_fd(a->source, a->fd, G_IO_IN);
    g_source_set_static_name(a->source, "alarm");
    g_source_set_priority(a->source, G_PRIORITY_HIGH);
    /* Nobody runs the loop inside of it. For a source that says so GLib does not take the
     * descriptors out of its set and back at each dispatch, which wakes the loop twice. */
    g_source_set_can_recurse(a->source, TRUE);
    g_source_attach(a->source, g_main_context_get_thread_default());
}

int gs_alarm_create(int fd, void (*ring)(void *user), void *user, struct gs_alarm **ret)
{
    int timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    struct gs_alarm *a;

    if (timer_fd < 0)
        return -errno;
    a = g_new0(struct gs_alarm, 1);
    a->ring = ring;
    a->user = user;
    a->fd = fd;
    a->timer_fd = timer_fd;
    attach(a);
    *ret = a;
    return 0;
}

void gs_alarm_destroy(struct gs_alarm *a)
{
    if (!a)
        return;
    g_source_destroy(a->source);
    g_source_unref(a->source);
    close(a->timer_fd);
    g_free(a);
}

static void set_timer(struct gs_alarm *a, uint64_t at)
{
    struct itimerspec spec = {
        .it_value = {.tv_sec = (time_t)(at / GS_NS_PER_S), .tv_nsec = (long)(at % GS_NS_PER_S)}};

    if (at == a->timer_at)
        return;
    a->timer_at = at;
    if (timerfd_settime(a->timer_fd, TFD_TIMER_ABSTIME, &spec, NULL) < 0)
        gs_error("timerfd_settime: %s", g_strerror(errno));
}

void gs_alarm_set(struct gs_alarm *a, uint64_t at, uint64_t now)
{
    a->due = at <= now;
    /* A timer that is still set does no harm, and is as likely the next one's. */
    if (!a->due)
        set_timer(a, at == UINT64_MAX ? 0 : at);
}
