/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looks after the connection between Xwayland and the window manager for it inside of wlroots 0.15,
 * which trusts both ends. It looks for surfaces of Xwayland's Wayland connection as long as it
 * hears of windows, even when that is gone; and it waits for answers without end, while Xwayland
 * waits until it may write to us. An application can bring about both.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <wlr/xwayland.h>

#include "common/log.h"
#include "session/desktop/desktop.h"

#define STALL_S 3 /* of one turn of the event loop, which takes milliseconds */

static bool manager_runs(const struct gs_desktop *d)
{
    return d->xwayland && d->xwayland->xwm && d->wm_link.fd >= 0;
}

/* Sleeps but for the moment in which a turn has taken too long: then it ends the wait, as whoever
 * reads there is at the end. */
static void *watch(void *data)
{
    struct gs_wm_link *link = data;
    uint64_t count;
    bool stop = false;

    while (!stop && (read(link->timer, &count, sizeof(count)) > 0 || errno == EINTR)) {
        pthread_mutex_lock(&link->lock);
        stop = link->stop;
        if (link->in_turn && !stop) {
            shutdown(link->fd, SHUT_RDWR);
            link->cut = true;
        }
        pthread_mutex_unlock(&link->lock);
    }
    return NULL;
}

static bool start_watch(struct gs_wm_link *link)
{
    if (link->watched)
        return true;
    link->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    if (link->timer < 0)
        return false;
    pthread_mutex_init(&link->lock, NULL);
    link->watched = pthread_create(&link->thread, NULL, watch, link) == 0;
    if (!link->watched) {
        pthread_mutex_destroy(&link->lock);
        close(link->timer);
    }
    return link->watched;
}

/* Nothing more is to come over it, not even what is there already: it becomes a connection whose
 * other end is closed, and that in the event loop, which has a descriptor of its own, hangs up. */
static void handle_xwayland_gone(struct wl_listener *listener, void *data)
{
    struct gs_desktop *d = wl_container_of(listener, d, wm_link.gone);
    int fds[2];

    (void)data;
    if (!manager_runs(d))
        return;
    shutdown(d->wm_link.fd, SHUT_RDWR);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
        return;
    dup3(fds[0], d->wm_link.fd, O_CLOEXEC);
    close(fds[0]);
    close(fds[1]);
}

static void set_timer(struct gs_wm_link *link, time_t seconds, long ns)
{
    const struct itimerspec spec = {.it_value = {.tv_sec = seconds, .tv_nsec = ns}};

    timerfd_settime(link->timer, 0, &spec, NULL);
}

void gs_wm_link_begin(struct gs_desktop *d)
{
    struct gs_wm_link *link = &d->wm_link;

    if (!link->watched || !manager_runs(d))
        return;
    set_timer(link, STALL_S, 0);
    pthread_mutex_lock(&link->lock);
    link->in_turn = true;
    pthread_mutex_unlock(&link->lock);
}

void gs_wm_link_end(struct gs_desktop *d)
{
    struct gs_wm_link *link = &d->wm_link;
    bool cut;

    if (!link->in_turn)
        return;
    pthread_mutex_lock(&link->lock);
    link->in_turn = false;
    cut = link->cut;
    link->cut = false;
    pthread_mutex_unlock(&link->lock);
    set_timer(link, 0, 0);
    if (!cut)
        return;
    gs_warn("Xwayland did not answer for %d s and is ended, with its applications", STALL_S);
    if (d->xwayland->server && d->xwayland->server->client)
        wl_client_destroy(d->xwayland->server->client);
}

void gs_wm_link_open(struct gs_desktop *d)
{
    struct wlr_xwayland_server *server = d->xwayland->server;

    d->wm_link.fd = server->wm_fd[0];
    /* The window manager's connection owns it; wlroots would close it twice. */
    server->wm_fd[0] = -1;
    d->wm_link.gone.notify = handle_xwayland_gone;
    wl_client_add_destroy_listener(server->client, &d->wm_link.gone);
    if (!start_watch(&d->wm_link))
        gs_warn("no thread or timer: nothing ends Xwayland should it block the session");
    gs_wm_link_begin(d); /* events of windows come in this very turn */
}

void gs_wm_link_finish(struct gs_desktop *d)
{
    struct gs_wm_link *link = &d->wm_link;

    if (!link->watched)
        return;
    pthread_mutex_lock(&link->lock);
    link->stop = true;
    pthread_mutex_unlock(&link->lock);
    set_timer(link, 0, 1);
    pthread_join(link->thread, NULL);
    pthread_mutex_destroy(&link->lock);
    close(link->timer);
    link->watched = false;
}
