/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the main thread calls. */
#include "host/grants.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/link.h"
#include "common/log.h"
#include "host/grants_internal.h"

/* ---- the whole ---- */

static int open_fds(struct gs_grants *g)
{
    struct epoll_event e = {.events = EPOLLIN};

    g->epoll = epoll_create1(EPOLL_CLOEXEC);
    g->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (g->epoll < 0 || g->wake < 0 || epoll_ctl(g->epoll, EPOLL_CTL_ADD, g->wake, &e) < 0)
        return -errno;
    return 0;
}

/* A thread of high priority must not wait for one of low priority that does not run. */
static void init_lock(pthread_mutex_t *lock)
{
    pthread_mutexattr_t attr;

    pthread_mutexattr_init(&attr);
    pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT);
    pthread_mutex_init(lock, &attr);
    pthread_mutexattr_destroy(&attr);
}

static void free_group(gpointer data)
{
    struct gs_grants_group *group = data;

    g_free(group->name);
    g_free(group);
}

static void free_all(struct gs_grants *g)
{
    gs_sched_destroy(g->sched);
    g_ptr_array_unref(g->sessions);
    g_hash_table_unref(g->pages);
    g_hash_table_unref(g->groups);
    if (g->epoll >= 0)
        close(g->epoll);
    if (g->wake >= 0)
        close(g->wake);
    pthread_mutex_destroy(&g->lock);
    gs_grants_others_finish(g);
    g_free(g->root);
    g_free(g);
}

int gs_grants_create(const struct gs_grants_params *params, struct gs_grants **ret)
{
    struct gs_grants *g = g_new0(struct gs_grants, 1);
    int err;

    g->root = g_strdup(params->root);
    g->params = params->sched;
    gs_grants_find_devices(g, params->depth);
    gs_grants_others_init(g);
    g->sched = gs_sched_create(&g->params);
    g->sessions = g_ptr_array_new();
    g->pages = g_hash_table_new(g_int64_hash, g_int64_equal);
    g->groups = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_group);
    init_lock(&g->lock);
    err = open_fds(g);
    err = err ? err : -pthread_create(&g->thread, NULL, gs_grants_run, g);
    if (err)
        free_all(g);
    else
        *ret = g;
    return err;
}

void gs_grants_destroy(struct gs_grants *g)
{
    if (!g)
        return;
    pthread_mutex_lock(&g->lock);
    g->stop = true;
    pthread_mutex_unlock(&g->lock);
    gs_grants_wake(g);
    pthread_join(g->thread, NULL);
    free_all(g);
}

static void lock(struct gs_grants *g)
{
    pthread_mutex_lock(&g->lock);
}

/* What was changed is carried out by the thread. */
static void unlock(struct gs_grants *g)
{
    pthread_mutex_unlock(&g->lock);
    gs_grants_wake(g);
}

void gs_grants_set_policy(struct gs_grants *g, const struct gs_sched_params *sched)
{
    lock(g);
    g->params.policy = sched->policy;
    g->params.fixed_sessions = sched->fixed_sessions;
    g->params.limit_fps = sched->limit_fps;
    gs_sched_set_policy(g->sched, &g->params, gs_now_ns());
    unlock(g);
}

/* ---- groups ---- */

static struct gs_grants_group *enter_group(struct gs_grants *g, const char *name, uint32_t weight,
                                           uint64_t now)
{
    struct gs_grants_group *group = g_hash_table_lookup(g->groups, name);

    if (!*name)
        return NULL;
    if (!group) {
        group = g_new0(struct gs_grants_group, 1);
        group->name = g_strdup(name);
        group->sched = gs_sched_group_add(g->sched, weight);
        g_hash_table_insert(g->groups, group->name, group);
    }
    gs_sched_group_set_weight(group->sched, weight, now);
    group->sessions++;
    return group;
}

static void leave_group(struct gs_grants *g, struct gs_grants_group *group, uint64_t now)
{
    if (!group || --group->sessions > 0)
        return;
    gs_sched_group_remove(group->sched, now);
    g_hash_table_remove(g->groups, group->name);
}

/* ---- sessions ---- */

static void open_meter(struct gs_grants_session *x, const struct gs_grants_session_params *p)
{
    const struct gs_meter_params params = {.root = x->g->root,
                                           .gpu = x->g->gpu[x->device],
                                           .keeper = p->keeper,
                                           .cgroups = p->cgroups};
    g_autofree char *why = NULL;

    if (gs_meter_create(&params, &x->meter, &why) == 0)
        return;
    x->meter = NULL;
    gs_warn("what session %s uses can't be measured, and its frames are charged the time that "
            "passes: %s",
            x->name, why);
}

static unsigned find_device(const struct gs_grants *g, const char *name, const char *gpu)
{
    int device = gs_grants_device_of(g, gpu);

    if (device >= 0)
        return (unsigned)device;
    gs_warn("session %s says that it draws with %s, which this host does not know; it shares the "
            "processors",
            name, gpu);
    return 0;
}

struct gs_grants_session *gs_grants_add(struct gs_grants *g,
                                        const struct gs_grants_session_params *p)
{
    struct gs_grants_session *x = g_new0(struct gs_grants_session, 1);
    uint64_t now;

    x->g = g;
    x->name = g_strdup(p->name);
    x->channel = GS_GRANT_CHANNEL_NONE;
    x->flags = GS_GRANT_FREE;
    x->settings = p->settings;
    x->fps = p->settings.fps;
    x->device = find_device(g, p->name, p->gpu);
    gs_grants_stand_init(&x->stand, p->cgroups);
    gs_grants_weigh_open(x, p->cgroups);
    x->settings.weighed &= x->weight.fd >= 0;
    open_meter(x, p);
    lock(g);
    now = gs_now_ns();
    x->group = enter_group(g, p->group, p->group_weight, now);
    x->sched = gs_sched_add(g->sched, x->device, p->name, &x->settings,
                            x->group ? x->group->sched : NULL, x, now);
    x->measured_at = now;
    g_ptr_array_add(g->sessions, x);
    unlock(g);
    return x;
}

void gs_grants_remove(struct gs_grants_session *x)
{
    struct gs_grants *g;
    uint64_t now;

    if (!x)
        return;
    g = x->g;
    lock(g);
    now = gs_now_ns();
    gs_grants_drop_page(x, now);
    gs_sched_remove(x->sched, now);
    leave_group(g, x->group, now);
    g_ptr_array_remove(g->sessions, x);
    unlock(g);
    gs_grants_stand_finish(&x->stand);
    gs_grants_weigh_close(x);
    gs_meter_destroy(x->meter);
    g_free(x->name);
    g_free(x);
}

void gs_grants_set(struct gs_grants_session *x, const struct gs_sched_settings *settings)
{
    lock(x->g);
    x->settings = *settings;
    x->settings.weighed &= x->weight.fd >= 0;
    x->weight.written = 0;
    x->fps = settings->fps;
    gs_sched_set(x->sched, &x->settings, gs_now_ns());
    unlock(x->g);
}

void gs_grants_set_group(struct gs_grants_session *x, const char *group, uint32_t weight)
{
    struct gs_grants_group *before = x->group;
    uint64_t now;

    lock(x->g);
    now = gs_now_ns();
    x->group = enter_group(x->g, group, weight, now);
    if (x->group != before)
        gs_sched_join(x->sched, x->group ? x->group->sched : NULL, now);
    leave_group(x->g, before, now);
    unlock(x->g);
}

/* ---- the page ---- */

static int send_page(int socket, const struct gs_grant_channel *c)
{
    const int fds[3] = {c->fd, c->peer, c->to_host};
    uint8_t type = GS_LINK_GRANTS_HERE;
    struct iovec iov = {&type, 1};
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(sizeof(fds))];
    } control = {0};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = &control,
                         .msg_controllen = sizeof(control.bytes)};
    struct cmsghdr *head = CMSG_FIRSTHDR(&msg);

    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(fds));
    memcpy(CMSG_DATA(head), fds, sizeof(fds));
    return sendmsg(socket, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}

int gs_grants_hand_over(struct gs_grants_session *x, int socket)
{
    struct gs_grant_channel c;
    int err = gs_grant_channel_create(&c), peer = c.peer;

    if (err)
        return err;
    c.peer = -1;
    lock(x->g);
    err = gs_grants_take_page(x, &c, gs_now_ns());
    unlock(x->g);
    if (err) {
        gs_grant_channel_finish(&c);
    } else {
        c.peer = peer;
        err = send_page(socket, &c);
        if (err)
            gs_grants_disconnect(x);
    }
    close(peer);
    return err;
}

void gs_grants_disconnect(struct gs_grants_session *x)
{
    lock(x->g);
    gs_grants_drop_page(x, gs_now_ns());
    unlock(x->g);
}

/* ---- what it is like ---- */

void gs_grants_info(struct gs_grants_session *x, struct gs_grants_info *ret)
{
    uint64_t now;

    pthread_mutex_lock(&x->g->lock);
    now = gs_now_ns();
    gs_grants_measure(x, now, GS_GRANTS_ASKED_NS);
    gs_sched_info(x->sched, now, &ret->sched);
    ret->sched.used_ns = x->measured_ns;
    ret->meter = x->meter ? x->meter->impl->name : "";
    ret->connected = x->id != 0;
    ret->floods = x->floods;
    ret->nonsense = x->nonsense;
    ret->held = x->stand.state;
    pthread_mutex_unlock(&x->g->lock);
}
