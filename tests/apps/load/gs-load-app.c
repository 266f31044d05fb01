/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "tests/apps/load/load.h"

#define TURNS_MAX 65000 /* llvmpipe leaves a loop after 65,535 */

struct load {
    struct load_options options;
    struct load_window window;
    struct load_gl gl;
    struct load_done done;
    int width, height;
    uint32_t turns;
    uint64_t due_ns; /* of the next frame, with --fps */
};

static volatile sig_atomic_t asked_to_end;

static void on_signal(int signal)
{
    (void)signal;
    asked_to_end = 1;
}

static void sleep_until(uint64_t at)
{
    const struct timespec t = {.tv_sec = (time_t)(at / GS_NS_PER_S),
                               .tv_nsec = (long)(at % GS_NS_PER_S)};

    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

/* When the next frame is to be begun; UINT64_MAX: not by time. */
static uint64_t next_frame_at(struct load *l, uint64_t now)
{
    const struct load_options *o = &l->options;
    uint64_t at = now;

    if (o->respond && l->done.frames)
        return l->window.key_ns ? now : UINT64_MAX;
    if (o->fps > 0)
        at = GS_MAX(at, l->due_ns);
    if (o->on_ms) {
        uint64_t cycle = (uint64_t)(o->on_ms + o->off_ms) * GS_NS_PER_MS;
        uint64_t in = (at - l->done.started_ns) % cycle;

        if (in >= o->on_ms * GS_NS_PER_MS)
            at += cycle - in;
    }
    return at;
}

static uint64_t end_at(const struct load *l)
{
    if (l->options.seconds == 0)
        return UINT64_MAX;
    return l->done.started_ns + (uint64_t)(l->options.seconds * (double)GS_NS_PER_S);
}

static bool ended(const struct load *l)
{
    return asked_to_end || l->window.closed || gs_now_ns() >= end_at(l);
}

/* False: it is time to end, or the connection is gone. */
static bool wait_for_turn(struct load *l)
{
    while (!ended(l)) {
        uint64_t now = gs_now_ns(), at = next_frame_at(l, now);
        uint64_t until = GS_MIN(at, GS_MIN(end_at(l), now + GS_NS_PER_S));

        if (!l->options.offscreen &&
            !load_window_wait(&l->window, at <= now + GS_NS_PER_MS ? 0 : until))
            return false;
        if (next_frame_at(l, gs_now_ns()) <= gs_now_ns())
            return true;
        if (l->options.offscreen || at <= now + GS_NS_PER_MS)
            sleep_until(until);
        load_done_report(&l->done, gs_now_ns(), false);
    }
    return false;
}

static void set_next(struct load *l, uint64_t now)
{
    if (l->options.fps > 0)
        l->due_ns = GS_MAX(l->due_ns + (uint64_t)((double)GS_NS_PER_S / l->options.fps), now);
}

static bool draw_one(struct load *l)
{
    uint64_t times[3] = {gs_now_ns()}, key = l->window.key_ns;
    bool good = true;

    set_next(l, times[0]);
    l->window.key_ns = 0;
    load_gl_draw(&l->gl, (uint32_t)l->done.frames, l->turns);
    times[1] = gs_now_ns();
    if (!l->options.offscreen)
        good = eglSwapBuffers(l->gl.display, l->gl.surface);
    times[2] = gs_now_ns();
    load_done_frame(&l->done, (uint64_t)l->width * (uint64_t)l->height * l->turns, times, key);
    load_done_report(&l->done, times[2], false);
    return good;
}

/* 0; 1: the compositor went away. */
static int run(struct load *l)
{
    bool good = true;

    while (good && wait_for_turn(l))
        good = draw_one(l);
    load_done_report(&l->done, gs_now_ns(), true);
    return ended(l) ? 0 : 1;
}

static int choose_turns(struct load *l)
{
    const struct load_options *o = &l->options;
    double rate = o->work_per_ms, turns = o->turns;

    if (turns == 0 && rate == 0)
        rate = load_gl_calibrate(&l->gl, l->width, l->height);
    if (turns == 0)
        turns = GS_MAX(o->cost_ms * rate / ((double)l->width * l->height), 1.0);
    if (turns > TURNS_MAX) {
        fprintf(stderr,
                "gs-load-app: %.0f turns for each pixel, and %d is most: make the picture "
                "larger\n",
                turns, TURNS_MAX);
        return -ERANGE;
    }
    l->turns = (uint32_t)turns;
    return 0;
}

static int open_all(struct load *l)
{
    const struct load_options *o = &l->options;
    struct load_window *win = o->offscreen ? NULL : &l->window;
    int r = win ? load_window_open(win, o) : 0;

    if (r < 0)
        return r;
    l->width = win ? win->width : o->width;
    l->height = win ? win->height : o->height;
    r = load_gl_open(&l->gl, win, l->width, l->height);
    if (r < 0 || o->calibrate)
        return r;
    if (win)
        eglSwapInterval(l->gl.display, o->interval);
    r = choose_turns(l);
    return r < 0 ? r : load_done_open(&l->done, o);
}

int main(int argc, char **argv)
{
    static struct load l;
    const struct sigaction action = {.sa_handler = on_signal};
    int r, status = 1;

    load_options_parse(argc, argv, &l.options);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    r = open_all(&l);
    if (r == 0 && l.options.calibrate)
        status = printf("{\"work_per_ms\": %.0f, \"software\": %s}\n",
                        load_gl_calibrate(&l.gl, l.width, l.height),
                        l.gl.software ? "true" : "false") < 0;
    else if (r == 0)
        status = run(&l);
    load_done_close(&l.done);
    load_gl_close(&l.gl);
    load_window_close(&l.window);
    return status;
}
