/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "tests/bench/bench.h"
#include "tests/support/session_run.h"

#define SETTLE_S 1.5        /* after the client's start, before measuring */
#define TAIL_S 0.3          /* between measuring and the client's end */
#define CLICK_EVERY_S 0.097 /* no multiple of a frame */

const struct bench_scene bench_scenes[] = {
    {.name = "3d",
     .what = "glmark2 build",
     .app = {"glmark2-es2-wayland", "-b", "build:duration=3600"},
     .steady = true},
    {.name = "3d-test",
     .what = "gs-test-app --mode counter: all of the picture moves",
     .app = {"gs-test-app", "--mode", "counter"},
     .steady = true},
    {.name = "scroll",
     .what = "gs-test-app --mode scroll: a page of text, 4 px a frame",
     .app = {"gs-test-app", "--mode", "scroll"},
     .steady = true},
    {.name = "click",
     .what = "gs-test-app --mode flip, clicked every 97 ms",
     .app = {"gs-test-app", "--mode", "flip"},
     .clicks = true},
    {.name = "still",
     .what = "gs-test-app --mode static: a page of text that does not change",
     .app = {"gs-test-app", "--mode", "static"},
     .least_seconds = 24},
    {0},
};

/* What is read twice, before and after. */
struct sample {
    uint64_t time, host, client; /* ns; CPU time used so far */
    double loopback;             /* bytes so far */
};

static uint64_t cpu_ns(pid_t pid)
{
    clockid_t clock;

    return pid > 0 && clock_getcpuclockid(pid, &clock) == 0 ? gs_clock_ns(clock) : 0;
}

static double pss_mb(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/smaps_rollup", (int)pid);
    g_autofree char *text = NULL;
    const char *line;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return NAN;
    line = strstr(text, "\nPss:");
    return line ? strtod(line + strlen("\nPss:"), NULL) / 1000 : NAN;
}

static double loopback_bytes(void)
{
    g_autofree char *text = NULL;
    const char *line;

    if (!g_file_get_contents("/proc/net/dev", &text, NULL, NULL))
        return NAN;
    line = strstr(text, "lo:");
    return line ? strtod(line + strlen("lo:"), NULL) : NAN;
}

static struct sample take_sample(const struct gs_session_run *run, pid_t worker, pid_t client)
{
    return (struct sample){
        .time = gs_now_ns(),
        .host = cpu_ns(run->host.pid) + cpu_ns(worker),
        .client = cpu_ns(client),
        .loopback = loopback_bytes(),
    };
}

static char *click_script(double seconds)
{
    GString *script = g_string_new("wait 1\nmove 200 150\n");

    for (double t = 1.2; t < seconds - 0.3; t += CLICK_EVERY_S)
        g_string_append_printf(script, "click left\nwait %g\n", CLICK_EVERY_S);
    return g_string_free(script, FALSE);
}

static double stat_or_nan(const struct gs_client_run *client, const char *path)
{
    double value = gs_client_stat(client, path);

    return value < 0 ? NAN : value;
}

static void fill_from_stats(const struct gs_client_run *client, double ret[BENCH_METRICS])
{
    ret[BENCH_FPS] = stat_or_nan(client, "fps");
    ret[BENCH_LATENCY_P50] = stat_or_nan(client, "latency_ms.p50");
    ret[BENCH_LATENCY_P95] = stat_or_nan(client, "latency_ms.p95");
    ret[BENCH_LATENCY_P99] = stat_or_nan(client, "latency_ms.p99");
    ret[BENCH_INPUT_P50] = stat_or_nan(client, "input_latency_ms.p50");
    ret[BENCH_INPUT_P95] = stat_or_nan(client, "input_latency_ms.p95");
    ret[BENCH_INPUT_P99] = stat_or_nan(client, "input_latency_ms.p99");
    ret[BENCH_FIRST_PICTURE] = stat_or_nan(client, "first_frame_ms");
}

static void fill_from_samples(const struct bench_scene *scene, const struct sample *a,
                              const struct sample *b, double ret[BENCH_METRICS])
{
    double seconds = (double)(b->time - a->time) / GS_NS_PER_S;
    double host = (double)(b->host - a->host) / GS_NS_PER_S / seconds;
    double client = (double)(b->client - a->client) / GS_NS_PER_S / seconds;

    ret[BENCH_HOST_LOAD] = host * 100;
    ret[BENCH_CLIENT_LOAD] = client * 100;
    ret[BENCH_TRAFFIC] = (b->loopback - a->loopback) / seconds;
    if (!scene->steady)
        return;
    ret[BENCH_HOST_CPU] = host * 1000 / ret[BENCH_FPS];
    ret[BENCH_CLIENT_CPU] = client * 1000 / ret[BENCH_FPS];
}

/* Watches a running session with a client that stays for `seconds`. */
static int watch(const struct bench_scene *scene, struct gs_session_run *run, double seconds,
                 uint64_t created, double ret[BENCH_METRICS])
{
    g_autofree char *script = scene->clicks ? click_script(seconds) : NULL;
    pid_t worker = gs_process_find_marked(run->mark, "gpushare-session");
    uint64_t started = gs_now_ns();
    struct gs_client_run client;
    struct sample before, after;
    double bytes, frames;
    int r = gs_client_start(run, NULL, seconds, script, NULL, &client);

    if (r < 0)
        return r;
    g_usleep((gulong)(SETTLE_S * 1e6));
    before = take_sample(run, worker, client.process.pid);
    g_usleep((gulong)((seconds - SETTLE_S - TAIL_S) * 1e6));
    after = take_sample(run, worker, client.process.pid);
    ret[BENCH_WORKER_PSS] = pss_mb(worker);
    ret[BENCH_CLIENT_PSS] = pss_mb(client.process.pid);
    r = gs_client_wait(&client);
    fill_from_stats(&client, ret);
    fill_from_samples(scene, &before, &after, ret);
    bytes = gs_client_stat(&client, "bytes_received");
    frames = gs_client_stat(&client, "frames_received");
    if (scene->steady && frames > 0)
        ret[BENCH_RATE] = bytes / frames * ret[BENCH_FPS] * 8 / 1e6;
    ret[BENCH_CREATE] = (double)(started - created) / GS_NS_PER_MS + ret[BENCH_FIRST_PICTURE];
    gs_client_finish(&client);
    return r == 0 ? 0 : -EIO;
}

int bench_scene_run(const struct bench_scene *scene, const struct bench_options *options,
                    double ret[BENCH_METRICS])
{
    g_autofree char *ours = gs_program_path("gs-test-app");
    g_autoptr(GPtrArray) args = g_ptr_array_new();
    const char *app[G_N_ELEMENTS(scene->app)];
    struct gs_session_run run;
    uint64_t created;
    int r;

    for (int i = 0; i < BENCH_METRICS; i++)
        ret[i] = NAN;
    memcpy(app, scene->app, sizeof(app));
    if (!strcmp(app[0], "gs-test-app"))
        app[0] = ours;
    g_ptr_array_add(args, (char *)"--size");
    g_ptr_array_add(args, (char *)options->size);
    for (const char *const *arg = options->host_args; arg && *arg; arg++)
        g_ptr_array_add(args, (char *)*arg);
    g_ptr_array_add(args, NULL);
    created = gs_now_ns();
    r = gs_session_run_start((const char *const *)args->pdata, app, &run);
    if (r == 0)
        r = watch(scene, &run, MAX(options->seconds, scene->least_seconds), created, ret);
    if (r == 0)
        r = gs_session_run_stop(&run) == 0 ? 0 : -EIO;
    gs_session_run_finish(&run);
    return r;
}
