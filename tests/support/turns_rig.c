/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/turns_rig.h"

#include <fcntl.h>
#include <glib.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/support/fake_turns.h"

/* One processor may be shared with all that the machine does beside. */
#define WAIT_FRAMES_NS (120 * GS_NS_PER_S)

/* ---- what the processes do ---- */

static void burn(uint64_t ns)
{
    uint64_t until = gs_clock_ns(CLOCK_THREAD_CPUTIME_ID) + ns;

    while (gs_clock_ns(CLOCK_THREAD_CPUTIME_ID) < until)
        continue;
}

static void rest(uint64_t ns)
{
    const struct timespec t = {(time_t)(ns / GS_NS_PER_S), (long)(ns % GS_NS_PER_S)};

    if (ns > 0)
        nanosleep(&t, NULL);
}

static void count_frame(struct turns_counts *counts, uint64_t waited_ns)
{
    atomic_fetch_add(&counts->frames, 1);
    atomic_fetch_add(&counts->waited_ns, waited_ns);
    if (waited_ns > atomic_load(&counts->longest_ns))
        atomic_store(&counts->longest_ns, waited_ns);
}

static bool end_frame(struct gs_grant_channel *c, const struct turns_params *p)
{
    if (!p->pause_ns)
        return fake_turns_end_and_ask(c);
    fake_turns_end(c);
    rest(p->pause_ns);
    return false;
}

static void draw(struct gs_grant_channel *c, const struct turns_params *p,
                 struct turns_counts *counts)
{
    uint64_t asked = gs_now_ns();
    bool ahead = false;

    while (ahead ? fake_turns_await(c) : fake_turns_begin(c)) {
        count_frame(counts, gs_now_ns() - asked);
        if (p->kind == TURNS_CLAIM)
            fake_turns_end(c);
        if (p->sleeps)
            rest(p->burn_ns);
        else
            burn(p->burn_ns);
        asked = gs_now_ns();
        ahead = p->kind != TURNS_CLAIM && end_frame(c, p);
        asked = p->pause_ns ? gs_now_ns() : asked;
    }
}

static void kick_without_end(struct gs_grant_channel *c)
{
    if (fork() != 0)
        return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;)
        gs_grant_kick(c->to_host);
}

/* An eventfd is one open file for both: whoever blocks on it now does so for good. */
static void make_block(struct gs_grant_channel *c)
{
    const uint64_t most = UINT64_MAX - 1;

    if (write(c->to_host, &most, sizeof(most)) < 0)
        _exit(1);
    fcntl(c->to_host, F_SETFL, 0);
    fcntl(c->to_worker, F_SETFL, 0);
}

static void jump(struct gs_grant_channel *c, const struct turns_params *p)
{
    struct gs_grant_up *up = &c->page->up;
    uint32_t n = 1;

    for (;;) {
        n = n * 1664525 + 1013904223;
        atomic_store(&up->asked, n);
        atomic_store(&up->withdrawn, n & 1 ? n : n ^ 0x80000000u);
        atomic_store(&up->started, n >> 3);
        atomic_store(&up->finished, (n >> 3) + 5);
        atomic_store(&up->fps, UINT32_MAX - n);
        atomic_store(&up->own_ns, UINT64_MAX / (n | 1));
        gs_grant_kick(c->to_host);
        burn(p->burn_ns);
    }
}

static void flip(struct gs_grant_channel *c)
{
    for (;;) {
        fake_turns_ask(c);
        atomic_store(&c->page->up.withdrawn, atomic_load(&c->page->up.asked));
        gs_grant_kick(c->to_host);
        burn(GS_NS_PER_MS / 10);
    }
}

static void take_liberties(struct gs_grant_channel *c, const struct turns_params *p)
{
    for (;;) {
        atomic_fetch_add(&c->page->up.started, 1);
        gs_grant_kick(c->to_host);
        burn(p->burn_ns);
        fake_turns_end(c);
    }
}

static void never_finish(struct gs_grant_channel *c, const struct turns_params *p)
{
    while (fake_turns_begin(c))
        burn(p->burn_ns);
}

static void behave(struct gs_grant_channel *c, const struct turns_params *p,
                   struct turns_counts *counts)
{
    switch (p->kind) {
    case TURNS_JUMP:
        jump(c, p);
        break;
    case TURNS_FLIP:
        flip(c);
        break;
    case TURNS_LIBERTY:
        take_liberties(c, p);
        break;
    case TURNS_NEVER:
        never_finish(c, p);
        break;
    case TURNS_DEAF:
        burn(UINT64_MAX / 2);
        break;
    case TURNS_FLOOD:
        kick_without_end(c);
        break;
    case TURNS_BLOCK:
        make_block(c);
        break;
    default:
        break;
    }
    draw(c, p, counts);
    atomic_store(&counts->failed, true);
}

/* ---- the processes ---- */

static void be_worker(const struct turns_one *one, int socket, const struct turns_params *p)
{
    struct turns_counts *counts = one->counts;
    struct gs_grant_channel c;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (one->groups)
        gs_cgroup_session_enter(one->groups);
    if (fake_turns_receive(socket, &c) == 0)
        behave(&c, p, counts);
    atomic_store(&counts->failed, true);
    _exit(0);
}

/* A keeper, and below it the worker: as a session is measured. */
static pid_t start_processes(const struct turns_one *one, int socket, const struct turns_params *p)
{
    pid_t keeper = fork();

    if (keeper != 0)
        return keeper;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (fork() == 0)
        be_worker(one, socket, p);
    for (;;)
        pause();
}

static void confine(struct turns_one *one, const struct turns_params *p,
                    struct gs_grants_session_params *params, char **ret_groups)
{
    const struct gs_cgroup_session_params group = {.root = "/", .name = params->name};

    if (!p->confined)
        return;
    one->groups = gs_cgroup_session_create(&group);
    *ret_groups = gs_cgroup_session_paths("/", params->name);
    params->cgroups = *ret_groups;
}

bool turns_rig_can_confine(void)
{
    g_autofree char *paths = gs_cgroup_session_paths("/", "turns");
    g_autofree char *dir = NULL;
    const char *at = strstr(paths, "/freezer/");

    if (!at) /* version 2: every group freezes */
        return *paths && !strstr(paths, "/memory/");
    dir = g_strdup("/sys/fs/cgroup/freezer");
    return access(dir, W_OK) == 0;
}

unsigned turns_rig_add(struct turns_rig *r, const struct turns_params *p)
{
    struct turns_one *one = &r->all[r->n];
    struct gs_grants_session_params params = {.group = "",
                                              .group_weight = 100,
                                              .gpu = "",
                                              .cgroups = "",
                                              .settings = {.weight = p->weight, .fps = 60}};
    g_autofree char *name = g_strdup_printf("turns-%d-%u", (int)getpid(), r->n);
    g_autofree char *groups = NULL;
    int sockets[2];

    if (r->n == TURNS_RIG_MAX || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0)
        abort();
    one->counts =
        mmap(NULL, sizeof(*one->counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (one->counts == MAP_FAILED)
        abort();
    params.name = name;
    confine(one, p, &params, &groups);
    one->keeper = start_processes(one, sockets[1], p);
    one->socket = sockets[0];
    close(sockets[1]);
    params.keeper = p->sleeps ? 0 : one->keeper;
    one->session = gs_grants_add(r->grants, &params);
    if (one->keeper < 0 || gs_grants_hand_over(one->session, one->socket) < 0)
        abort();
    return r->n++;
}

/* ---- the whole ---- */

void turns_rig_init(struct turns_rig *r, enum gs_sched_policy policy, bool one)
{
    const struct gs_grants_params params = {
        .sched = {.policy = policy, .fixed_sessions = 4, .limit_fps = 60},
        .depth = one ? 1 : 0,
        .root = "/"};
    cpu_set_t set;

    memset(r, 0, sizeof(*r));
    CPU_ZERO(&set);
    CPU_SET(sched_getcpu(), &set);
    if (one && sched_setaffinity(0, sizeof(set), &set) < 0)
        abort();
    if (gs_grants_create(&params, &r->grants) < 0)
        abort();
}

struct gs_grants_info turns_rig_info(struct turns_rig *r, unsigned i)
{
    struct gs_grants_info info;

    gs_grants_info(r->all[i].session, &info);
    return info;
}

bool turns_rig_wait_frames(struct turns_rig *r, unsigned i, uint64_t more)
{
    struct turns_counts *counts = r->all[i].counts;
    uint64_t wanted = atomic_load(&counts->frames) + more;
    uint64_t deadline = gs_now_ns() + WAIT_FRAMES_NS;

    while (atomic_load(&counts->frames) < wanted) {
        if (atomic_load(&counts->failed) || gs_now_ns() > deadline)
            return false;
        rest(GS_NS_PER_MS);
    }
    return true;
}

/* The first number of schedstat: time on a processor. */
static uint64_t cpu_of_thread(const char *tid)
{
    g_autofree char *name = g_strdup_printf("/proc/self/task/%s/comm", tid);
    g_autofree char *stat = g_strdup_printf("/proc/self/task/%s/schedstat", tid);
    g_autofree char *is = NULL;
    g_autofree char *text = NULL;

    if (!g_file_get_contents(name, &is, NULL, NULL) || strcmp(is, "scheduler\n") != 0 ||
        !g_file_get_contents(stat, &text, NULL, NULL))
        return 0;
    return strtoull(text, NULL, 10);
}

uint64_t turns_rig_cpu_ns(void)
{
    g_autoptr(GDir) tasks = g_dir_open("/proc/self/task", 0, NULL);
    const char *tid;
    uint64_t ns = 0;

    while (tasks && (tid = g_dir_read_name(tasks)))
        ns += cpu_of_thread(tid);
    return ns;
}

/* The worker dies with its keeper. */
void turns_rig_finish(struct turns_rig *r)
{
    for (unsigned i = 0; i < r->n; i++) {
        struct turns_one *one = &r->all[i];

        gs_grants_remove(one->session);
        close(one->socket);
        kill(one->keeper, SIGKILL);
        waitpid(one->keeper, NULL, 0);
        while (one->groups && !gs_cgroup_session_clear(one->groups))
            rest(GS_NS_PER_MS);
        gs_cgroup_session_free(one->groups);
        munmap(one->counts, sizeof(*one->counts));
    }
    gs_grants_destroy(r->grants);
    memset(r, 0, sizeof(*r));
}

int turns_rig_setup(void **rig)
{
    turns_rig_init(*rig, GS_SCHED_SHARES, true);
    return 0;
}

int turns_rig_teardown(void **rig)
{
    turns_rig_finish(*rig);
    return 0;
}
