/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the scheduler's thread costs. bench_grants [--seconds=N] [--sessions=N] [--fps=N]
 * [--burn-us=N]
 *
 *   trip   from a worker's wish to its grant, another process on another processor, nobody else
 *   load   processor time and wake-ups of the thread, with sessions of that rate, each frame of
 *          which burns that much
 *   flood  how long the frames of two sessions wait, with a third beside them, and with one that
 *          kicks without end
 */
#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/support/fake_turns.h"
#include "tests/support/turns_rig.h"

static double seconds = 5;
static int sessions = 8, fps = 60, burn_us = 1000;

/* ---- trip ---- */

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static void measure_trips(int socket)
{
    g_autoptr(GArray) trips = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    uint64_t end = gs_now_ns() + (uint64_t)(seconds * (double)GS_NS_PER_S);
    struct gs_grant_channel c;

    if (fake_turns_receive(socket, &c) < 0)
        _exit(1);
    while (gs_now_ns() < end) {
        uint64_t at = gs_now_ns(), took;

        fake_turns_ask(&c);
        if (!fake_turns_await(&c))
            _exit(1);
        took = gs_now_ns() - at;
        g_array_append_val(trips, took);
        fake_turns_end(&c);
        g_usleep(1000);
    }
    qsort(trips->data, trips->len, sizeof(uint64_t), compare);
    printf("trip: %u, p50 %.1f us, p99 %.1f us\n", trips->len,
           (double)g_array_index(trips, uint64_t, trips->len / 2) / 1e3,
           (double)g_array_index(trips, uint64_t, trips->len * 99 / 100) / 1e3);
    fflush(stdout);
    _exit(0);
}

static int bench_trip(void)
{
    struct turns_rig rig;
    struct gs_grants_session_params p = {.name = "trip",
                                         .group = "",
                                         .gpu = "",
                                         .cgroups = "",
                                         .keeper = getpid(),
                                         .settings = {.weight = 100, .fps = 60}};
    struct gs_grants_session *x;
    int sockets[2], status = 1;
    pid_t worker;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0)
        return 1;
    worker = fork();
    if (worker == 0)
        measure_trips(sockets[1]);
    turns_rig_init(&rig, GS_SCHED_SHARES, false);
    x = gs_grants_add(rig.grants, &p);
    if (gs_grants_hand_over(x, sockets[0]) == 0)
        waitpid(worker, &status, 0);
    gs_grants_remove(x);
    turns_rig_finish(&rig);
    return status;
}

/* ---- load ---- */

static int bench_load(void)
{
    uint64_t burn = (uint64_t)burn_us * GS_NS_PER_US, period = GS_NS_PER_S / (uint64_t)fps;
    const struct turns_params p = {.weight = 100,
                                   .burn_ns = burn,
                                   .pause_ns = period > burn ? period - burn : 1,
                                   .confined = turns_rig_can_confine()};
    uint64_t cpu, at, frames = 0, waits = 0;
    struct turns_rig rig;

    turns_rig_init(&rig, GS_SCHED_SHARES, false);
    for (int i = 0; i < sessions; i++)
        turns_rig_add(&rig, &p);
    g_usleep(1000000);
    for (int i = 0; i < sessions; i++) {
        frames -= turns_rig_info(&rig, (unsigned)i).sched.frames;
        waits -= turns_rig_info(&rig, (unsigned)i).sched.waits;
    }
    cpu = turns_rig_cpu_ns();
    at = gs_now_ns();
    g_usleep((gulong)(seconds * 1e6));
    cpu = turns_rig_cpu_ns() - cpu;
    at = gs_now_ns() - at;
    for (int i = 0; i < sessions; i++) {
        frames += turns_rig_info(&rig, (unsigned)i).sched.frames;
        waits += turns_rig_info(&rig, (unsigned)i).sched.waits;
    }
    printf("load: %d sessions, %.1f frames/s (%.0f %% of them waited), thread %.2f %% of a "
           "processor, %.1f us a frame\n",
           sessions, (double)frames * 1e9 / (double)at,
           frames ? 100.0 * (double)waits / (double)frames : 0, 100.0 * (double)cpu / (double)at,
           frames ? (double)cpu / 1e3 / (double)frames : 0);
    turns_rig_finish(&rig);
    return 0;
}

/* ---- flood ---- */

static void flood_with(enum turns_kind kind, const char *what)
{
    const struct turns_params honest = {.weight = 100, .burn_ns = 2 * GS_NS_PER_MS};
    const struct turns_params third = {.kind = kind, .weight = 100, .burn_ns = 2 * GS_NS_PER_MS};
    struct turns_rig rig;
    uint64_t frames, waited, cpu;

    turns_rig_init(&rig, GS_SCHED_SHARES, false);
    turns_rig_add(&rig, &honest);
    turns_rig_add(&rig, &honest);
    turns_rig_add(&rig, &third);
    g_usleep(500000);
    frames = atomic_load(&rig.all[0].counts->frames);
    waited = atomic_load(&rig.all[0].counts->waited_ns);
    cpu = turns_rig_cpu_ns();
    g_usleep((gulong)(seconds * 1e6));
    frames = atomic_load(&rig.all[0].counts->frames) - frames;
    waited = atomic_load(&rig.all[0].counts->waited_ns) - waited;
    cpu = turns_rig_cpu_ns() - cpu;
    printf(
        "flood: beside %s one %.1f frames/s, waited %.2f ms each, thread %.2f %% of a processor, "
        "%lu ms of floods\n",
        what, (double)frames / seconds, frames ? (double)waited / 1e6 / (double)frames : 0,
        (double)cpu / 1e7 / seconds, (unsigned long)turns_rig_info(&rig, 2).floods);
    turns_rig_finish(&rig);
}

static int bench_flood(void)
{
    flood_with(TURNS_HONEST, "an honest");
    flood_with(TURNS_FLOOD, "a flooding");
    return 0;
}

int main(int argc, char **argv)
{
    const GOptionEntry entries[] = {
        {"seconds", 0, 0, G_OPTION_ARG_DOUBLE, &seconds, "Of each measurement", "N"},
        {"sessions", 0, 0, G_OPTION_ARG_INT, &sessions, "Under load", "N"},
        {"fps", 0, 0, G_OPTION_ARG_INT, &fps, "Of each session under load", "N"},
        {"burn-us", 0, 0, G_OPTION_ARG_INT, &burn_us, "That a frame under load burns", "N"},
        {0}};
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autoptr(GError) error = NULL;

    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error) || sessions < 1 || fps < 1 ||
        sessions > TURNS_RIG_MAX) {
        fprintf(stderr, "bench_grants: %s\n", error ? error->message : "out of range");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    return bench_trip() || bench_load() || bench_flood();
}
