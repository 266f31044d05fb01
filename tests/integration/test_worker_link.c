/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What passes between host and worker besides clients; and a host that goes away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <sys/wait.h>

#include "tests/support/session_run.h"
#include "tests/support/worker_rig.h"

static void start(struct worker_rig *rig, const struct worker_rig_params *more)
{
    struct worker_rig_params params = *more;

    params.width = 640;
    params.height = 360;
    if (!params.argv)
        params.source = "pattern";
    assert_int_equal(worker_rig_start(&params, rig), 0);
}

static void stop(struct worker_rig *rig)
{
    assert_int_equal(worker_rig_stop(rig), 0);
    worker_rig_finish(rig);
}

static bool has_frames(struct worker_rig *rig, void *user)
{
    return worker_rig_frames(rig) >= *(unsigned *)user;
}

static void wait_frames(struct worker_rig *rig, unsigned more)
{
    unsigned n = worker_rig_frames(rig) + more;

    assert_true(worker_rig_wait(rig, has_frames, &n));
}

/* One stream: whole, without a gap, and a keyframe at its beginning alone. */
static void check_one_stream(struct worker_rig *rig)
{
    for (unsigned i = 1; i < worker_rig_frames(rig); i++) {
        struct worker_frame f = worker_rig_frame(rig, i);

        assert_int_equal(f.err, 0);
        assert_false(f.discontinuity);
        assert_false(f.keyframe);
        assert_int_equal(f.id, worker_rig_frame(rig, i - 1).id + 1);
    }
}

static void check_introduction(const struct worker_rig *rig)
{
    const struct gs_worker_adopt *a = &rig->host.adopt;

    assert_string_equal(a->session, "rig");
    assert_string_equal(a->secret, WORKER_HOST_SECRET);
    assert_int_equal(a->ready.udp_port, rig->said.udp_port);
    assert_string_equal(a->ready.encoder, rig->said.encoder);
    assert_string_equal(a->ready.converter, rig->said.converter);
    assert_string_equal(a->ready.renderer, rig->said.renderer);
    assert_int_equal(a->unwatched_s, 0);
    assert_int_equal(a->n_viewers, 1);
    assert_string_equal(a->viewers[0].resume, WORKER_RIG_RESUME);
    assert_false(a->viewers[0].view);
}

static bool has_pong(struct worker_rig *rig, void *user)
{
    return rig->pong == *(uint64_t *)user;
}

static void ping(struct worker_rig *rig, uint64_t n)
{
    worker_rig_send(rig, GS_LINK_PING, &n, sizeof(n));
    assert_true(worker_rig_wait(rig, has_pong, &n));
}

static void test_host_returns(void **state)
{
    struct worker_rig rig;

    (void)state;
    start(&rig, &(struct worker_rig_params){.adopt = true});
    ping(&rig, 1);
    wait_frames(&rig, 10);
    for (unsigned i = 0; i < 2; i++) {
        worker_host_leave(&rig);
        wait_frames(&rig, 30);
        assert_int_equal(worker_host_return(&rig), 0);
        assert_true(worker_host_wait(&rig));
        check_introduction(&rig);
        ping(&rig, 2 + i);
        wait_frames(&rig, 10);
    }
    check_one_stream(&rig);
    stop(&rig);
}

/* Whatever answers there, the worker keeps looking for its host. */
static void test_host_refuses(void **state)
{
    struct worker_rig rig;

    (void)state;
    start(&rig, &(struct worker_rig_params){.adopt = true});
    worker_host_leave(&rig);
    rig.host.refuse = 2;
    rig.host.foreign = true;
    assert_int_equal(worker_host_return(&rig), 0);
    assert_true(worker_host_wait(&rig));
    assert_int_equal(rig.host.said_who, 4);
    ping(&rig, 5);
    check_one_stream(&rig);
    stop(&rig);
}

/* The size is another one by then, and the picture too. */
static void test_size_before_and_after(void **state)
{
    const uint32_t sizes[][2] = {{800, 600}, {402, 302}};
    struct worker_rig rig;

    (void)state;
    start(&rig, &(struct worker_rig_params){.adopt = true});
    for (size_t i = 0; i < 2; i++) {
        unsigned n = 0;

        worker_rig_resize(&rig, sizes[i][0], sizes[i][1]);
        if (i == 0)
            worker_host_leave(&rig);
        do
            wait_frames(&rig, 1);
        while (worker_rig_frame(&rig, worker_rig_frames(&rig) - 1).width == 640 && ++n < 600);
        if (i > 0)
            break;
        assert_int_equal(worker_host_return(&rig), 0);
        assert_true(worker_host_wait(&rig));
    }
    stop(&rig);
}

/* Without a place to find it again, the host's end is the session's. */
static void test_host_gone_for_good(void **state)
{
    struct worker_rig rig;
    int status;

    (void)state;
    start(&rig, &(struct worker_rig_params){0});
    worker_host_leave(&rig);
    assert_int_equal(waitpid(rig.pid, &status, 0), rig.pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
    rig.pid = 0;
    worker_rig_finish(&rig);
}

/* An application that ends while there is no host: so does the worker, with its status. */
static void test_application_ends_alone(void **state)
{
    g_autofree char *app = gs_program_path("gs-test-app");
    const char *const argv[] = {app, "--frames", "400", "--exit-status", "7", NULL};
    struct worker_rig rig;
    int status;

    (void)state;
    start(&rig, &(struct worker_rig_params){.adopt = true, .argv = argv});
    worker_host_leave(&rig);
    assert_int_equal(waitpid(rig.pid, &status, 0), rig.pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
    rig.pid = 0;
    assert_true(gs_process_wait_unmarked(rig.mark, WORKER_RIG_DEADLINE_MS));
    worker_rig_finish(&rig);
}

/* ---- statistics ---- */

static bool has_stats(struct worker_rig *rig, void *user)
{
    return rig->stats->len >= *(unsigned *)user;
}

static const struct gs_worker_stats *wait_stats(struct worker_rig *rig, unsigned more)
{
    unsigned n = rig->stats->len + more;

    assert_true(worker_rig_wait(rig, has_stats, &n));
    return &g_array_index(rig->stats, struct gs_worker_stats, rig->stats->len - 1);
}

static uint64_t in_buckets(const struct gs_stage_histogram *h)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < GS_STAGE_BUCKETS; i++)
        n += h->bucket[i];
    return n;
}

static void check_not_less(const struct gs_worker_stats *a, const struct gs_worker_stats *b)
{
    assert_true(b->commits >= a->commits && b->frames >= a->frames && b->refined >= a->refined);
    assert_true(b->keyframes >= a->keyframes && b->dropped >= a->dropped);
    assert_true(b->packets >= a->packets && b->bytes >= a->bytes);
    assert_true(b->lost >= a->lost && b->repaired >= a->repaired);
    assert_true(b->cpu_us >= a->cpu_us && b->app_cpu_us >= a->app_cpu_us);
    for (unsigned i = 0; i < GS_WORKER_STAGES; i++)
        assert_true(b->stages[i].sum_us >= a->stages[i].sum_us);
}

static void report(struct worker_rig *rig, const struct gs_client_report *r)
{
    uint8_t payload[5 + GS_REPORT_SIZE] = {0, 0, 0, 1, GS_MSG_REPORT};

    gs_client_report_write(r, payload + 5);
    worker_rig_send(rig, GS_LINK_CLIENT_DATA, payload, sizeof(payload));
}

static bool knows_report(struct worker_rig *rig, void *user)
{
    (void)user;
    return rig->stats->len &&
           g_array_index(rig->stats, struct gs_worker_stats, rig->stats->len - 1).rtt_us;
}

static void check_working(const struct gs_worker_stats *s)
{
    assert_true(s->commits > 0 && s->frames > 0 && s->packets >= s->frames);
    assert_true(s->bytes > s->packets * 12 && s->bytes < s->packets * 1500);
    assert_int_equal(s->keyframes, 1);
    assert_true(s->cpu_us > 0 && s->rss_kb > 1000 && s->app_rss_kb > 1000);
    assert_int_equal(s->gpu_us, 0);
    assert_int_equal(s->viewers, 1);
    assert_false(s->frozen);
    assert_string_equal(s->encoder, "x264");
    for (unsigned i = 0; i < GS_WORKER_STAGES; i++)
        assert_int_equal(in_buckets(&s->stages[i]), s->frames);
    assert_true(s->stages[GS_WORKER_TOTAL].sum_us >= s->stages[GS_WORKER_ENCODE].sum_us);
}

static void test_stats(void **state)
{
    g_autofree char *app = gs_program_path("gs-test-app");
    const char *const argv[] = {app, "--mode", "counter", NULL};
    const struct gs_client_report said = {
        .frames = 3, .latency_p50_us = 4000, .latency_p99_us = 9000, .rtt_us = 150};
    struct gs_worker_stats first, last;
    struct worker_rig rig;

    (void)state;
    start(&rig, &(struct worker_rig_params){.argv = argv, .encoder = "x264"});
    first = *wait_stats(&rig, 2);
    check_working(&first);
    report(&rig, &said);
    assert_true(worker_rig_wait(&rig, knows_report, NULL));
    last = *wait_stats(&rig, 1);
    check_working(&last);
    check_not_less(&first, &last);
    assert_true(last.frames > first.frames && last.cpu_us > first.cpu_us);
    assert_true(last.fps_milli > 0 && last.kbps > 0);
    assert_true(last.latency_p50_us > 0 && last.latency_p99_us >= last.latency_p50_us);
    assert_int_equal(last.client_p50_us, 4000);
    assert_int_equal(last.client_p99_us, 9000);
    assert_int_equal(last.rtt_us, 150);
    worker_rig_leave(&rig);
    do
        last = *wait_stats(&rig, 1);
    while (last.viewers);
    stop(&rig);
}

/* None is said while there is no host, all of what is counted goes on. */
static void test_stats_over_a_gap(void **state)
{
    struct gs_worker_stats before, after;
    struct worker_rig rig;

    (void)state;
    start(&rig, &(struct worker_rig_params){.adopt = true});
    before = *wait_stats(&rig, 1);
    worker_host_leave(&rig);
    wait_frames(&rig, 30);
    assert_int_equal(worker_host_return(&rig), 0);
    assert_true(worker_host_wait(&rig));
    after = *wait_stats(&rig, 1);
    check_not_less(&before, &after);
    assert_true(after.frames >= before.frames + 20);
    stop(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_host_returns),           cmocka_unit_test(test_host_refuses),
        cmocka_unit_test(test_size_before_and_after),  cmocka_unit_test(test_host_gone_for_good),
        cmocka_unit_test(test_application_ends_alone), cmocka_unit_test(test_stats),
        cmocka_unit_test(test_stats_over_a_gap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
