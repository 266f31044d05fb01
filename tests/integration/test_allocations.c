/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A steady stream allocates nothing of our own, frame for frame. What libraries allocate is
 * bounded, so that it does not grow unnoticed. */
#include <fcntl.h>
#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/macros.h"
#include "tests/support/alloc_counter.h"
#include "tests/support/session_run.h"

#define FIRST 60 /* frames until everything has the size that it keeps */
#define FRAMES 240
#define DEADLINE_MS 60000

/* What a frame may cost in all. Worker: libwayland and wlroots for one commit, libavcodec and x264
 * for one packet. Client: libavcodec and libavutil for one frame, and the picture it is put in. */
#define WORKER_ALL 45
#define CLIENT_ALL 65

struct seen {
    double own, all;
};

static const struct gs_alloc_counts *map_counts(const char *dir, const char *program)
{
    g_autofree char *path = g_build_filename(dir, program, NULL);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    void *map;

    assert_true(fd >= 0);
    map = mmap(NULL, sizeof(struct gs_alloc_counts), PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    assert_ptr_not_equal(map, MAP_FAILED);
    return map;
}

static void wait_for_frames(const struct gs_alloc_counts *worker, uint64_t n)
{
    for (int waited = 0; worker->frames < n; waited += 10) {
        if (waited > DEADLINE_MS)
            fail_msg("no %u frames came", (unsigned)n);
        g_usleep(10000);
    }
}

static struct seen difference(const char *what, const struct gs_alloc_counts *counts,
                              const struct seen *before, double frames)
{
    struct seen d = {((double)counts->own - before->own) / frames,
                     ((double)counts->all - before->all) / frames};

    printf("%s: %.2f allocations of its own a frame, %.2f in all\n", what, d.own, d.all);
    return d;
}

static void test_steady_stream(void **state)
{
    static const char *const host_args[] = {"--size", "640x360", NULL};
    g_autofree char *app_path = gs_program_path("gs-test-app");
    const char *const app[] = {app_path, "--mode", "scroll", NULL};
    const struct gs_alloc_counts *worker, *client;
    struct gs_session_run run = {0};
    struct gs_client_run viewer = {0};
    struct seen w, c;
    double frames;

    (void)state;
    g_setenv("LD_PRELOAD", GS_ALLOC_COUNTER, TRUE);
    assert_int_equal(gs_session_run_start(host_args, app, &run), 0);
    assert_int_equal(gs_client_start(&run, NULL, 30, NULL, NULL, &viewer), 0);
    g_unsetenv("LD_PRELOAD");
    worker = map_counts(g_getenv("GS_ALLOC_DIR"), "gpushare-session");
    wait_for_frames(worker, FIRST);
    client = map_counts(g_getenv("GS_ALLOC_DIR"), "gpushare-client");
    w = (struct seen){(double)worker->own, (double)worker->all};
    c = (struct seen){(double)client->own, (double)client->all};
    frames = -(double)worker->frames;
    wait_for_frames(worker, FIRST + FRAMES);
    frames += (double)worker->frames;
    w = difference("worker", worker, &w, frames);
    c = difference("client", client, &c, frames);
    gs_client_finish(&viewer);
    assert_int_equal(gs_session_run_stop(&run), 0);
    gs_session_run_finish(&run);
    /* Pings, reports and their timers come by the second: less than one in ten frames. */
    assert_true(w.own < 0.1);
    assert_true(w.all < WORKER_ALL);
    assert_true(c.own < 0.1);
    assert_true(c.all < CLIENT_ALL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_steady_stream)};
    g_autofree char *dir = g_dir_make_tmp("gs-alloc-XXXXXX", NULL);
    int failed;

    g_setenv("GS_ALLOC_DIR", dir, TRUE);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    gs_process_remove_dir(dir);
    return failed;
}
