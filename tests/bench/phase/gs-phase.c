/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gs-phase: where a picture waits between an application and the encoder. Runs the worker's own
 * source, pipeline and encoder in this process, notes what passes between them, and reads from each
 * captured picture when the application handed it over. */
#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/histogram.h"
#include "common/log.h"
#include "session/effort.h"
#include "session/pipeline.h"
#include "tests/bench/compare/marks.h"

#define SETTLE_NS (3 * GS_NS_PER_S / 2)

enum part { HELD, WAIT, TOTAL, CALLBACK, ANSWER, N_PARTS };

static const char *const part_names[N_PARTS] = {
    [HELD] = "drawn → commit",        [WAIT] = "commit → grant",      [TOTAL] = "drawn → grant",
    [CALLBACK] = "commit → callback", [ANSWER] = "callback → commit",
};

struct phase {
    struct gs_source *source;
    const struct gs_source_impl *impl; /* the source's own */
    struct gs_source_impl noting;
    struct gs_encoder *encoder;
    struct gs_converter *converter;
    struct gs_transport *transport;
    struct gs_pipeline *pipeline;
    int (*convert)(void *user, const struct gs_scene *scene);
    void *convert_user;
    struct cmp_log *log;
    struct gs_histogram parts[N_PARTS];
    uint64_t from, commit, callback;
    unsigned pictures, commits, together; /* together: commits within 0.3 ms after a callback */
    int last;
    bool ended;
};

/* One run at a time. */
static struct phase *current;

static void add(struct phase *p, enum part part, uint64_t from, uint64_t to)
{
    if (from && gs_now_ns() >= p->from)
        gs_histogram_add(&p->parts[part], (int64_t)(to - from));
}

/* ---- what passes between source and pipeline ---- */

static void on_damaged(void *user, uint64_t commit_ns)
{
    struct phase *p = user;

    if (p->callback) {
        add(p, ANSWER, p->callback, commit_ns);
        if (commit_ns >= p->from && commit_ns - p->callback < 3 * GS_NS_PER_MS / 10)
            p->together++;
    }
    p->callback = 0;
    p->commit = commit_ns;
    if (commit_ns >= p->from)
        p->commits++;
    gs_pipeline_damaged(p->pipeline, commit_ns);
}

static void on_frame_wanted(void *user, bool keeps)
{
    gs_pipeline_frame_wanted(((struct phase *)user)->pipeline, keeps);
}

static void on_cursor(void *user, const struct gs_cursor_msg *msg)
{
    (void)user, (void)msg;
}

static void on_pointer_mode(void *user, enum gs_pointer_mode mode)
{
    (void)user, (void)mode;
}

static void on_ended(void *user, int wait_status, const char *reason)
{
    (void)wait_status;
    ((struct phase *)user)->ended = true;
    fprintf(stderr, "gs-phase: %s\n", reason);
}

static const struct gs_source_listener listener = {
    .damaged = on_damaged,
    .frame_wanted = on_frame_wanted,
    .cursor = on_cursor,
    .pointer_mode = on_pointer_mode,
    .ended = on_ended,
};

static void frame_done(struct gs_source *src, uint64_t now)
{
    struct phase *p = current;

    if (p->commit)
        add(p, CALLBACK, p->commit, now);
    p->callback = now;
    p->impl->frame_done(src, now);
}

static int read_number(const struct gs_scene *scene)
{
    const struct gs_layer *l = scene->n_layers ? &scene->layers[scene->n_layers - 1] : NULL;
    int number = -1;
    const void *data;
    uint32_t stride;

    if (!l || !l->begin || l->x != 0 || l->y != 0 || l->width < CMP_MARK_WIDTH ||
        l->height < CMP_MARK_SIZE || !l->begin(l, &data, &stride))
        return -1;
    number = cmp_marks_read((const uint32_t *)data + stride / 4 * (CMP_MARK_SIZE / 2));
    l->end(l);
    return number;
}

static int note_scene(void *user, const struct gs_scene *scene)
{
    struct phase *p = user;
    uint64_t now = gs_now_ns(), drawn;
    int number = read_number(scene);

    if (number >= 0 && number != p->last && now >= p->from) {
        drawn = p->log->stamp[number];
        p->pictures++;
        add(p, HELD, drawn, p->commit);
        add(p, WAIT, p->commit, now);
        add(p, TOTAL, drawn, now);
    }
    p->last = number;
    return p->convert(p->convert_user, scene);
}

static int capture(struct gs_source *src, bool full,
                   int (*fn)(void *user, const struct gs_scene *scene), void *user)
{
    current->convert = fn;
    current->convert_user = user;
    return current->impl->capture(src, full, note_scene, current);
}

/* ---- a run ---- */

static void on_failed(void *user, const char *reason)
{
    ((struct phase *)user)->ended = true;
    fprintf(stderr, "gs-phase: %s\n", reason);
}

static int open_parts(struct phase *p, const char *runtime_dir, char **argv, uint32_t fps)
{
    const struct gs_encoder_params ep = {.width = 1280, .height = 720, .fps = fps};
    const struct gs_transport_params tp = {.fps = fps};
    const struct gs_source_params sp = {.width = 1280,
                                        .height = 720,
                                        .fps = fps,
                                        .runtime_dir = runtime_dir,
                                        .argv = argv,
                                        .listener = &listener,
                                        .user = p};
    struct gs_pipeline_params pp = {.width = 1280,
                                    .height = 720,
                                    .fps = fps,
                                    .effort = GS_EFFORT_AUTO,
                                    .failed = on_failed,
                                    .user = p};
    g_autofree char *reason = NULL;
    int r = gs_encoder_create(NULL, &ep, &p->encoder);

    if (r == 0)
        r = gs_converter_create("cpu", NULL, 1280, 720, &p->converter);
    if (r == 0)
        r = gs_transport_create("null", &tp, &p->transport);
    if (r == 0)
        r = gs_source_create("desktop", &sp, &p->source);
    if (r < 0)
        return r;
    p->impl = p->source->impl;
    p->noting = *p->impl;
    p->noting.capture = capture;
    p->noting.frame_done = frame_done;
    p->source->impl = &p->noting;
    pp.source = p->source;
    pp.converter = p->converter;
    pp.encoder = p->encoder;
    pp.transport = p->transport;
    r = gs_pipeline_create(&pp, &p->pipeline);
    return r < 0 ? r : p->source->impl->start(p->source, &reason);
}

static void close_parts(struct phase *p)
{
    gs_pipeline_destroy(p->pipeline);
    gs_source_destroy(p->source);
    gs_transport_destroy(p->transport);
    gs_converter_destroy(p->converter);
    gs_encoder_destroy(p->encoder);
}

static gboolean stop(void *user)
{
    ((struct phase *)user)->ended = true;
    return G_SOURCE_REMOVE;
}

static void measure(struct phase *p, int seconds)
{
    guint timer;

    p->from = gs_now_ns() + SETTLE_NS;
    gs_pipeline_set_watched(p->pipeline, true);
    gs_pipeline_request_keyframe(p->pipeline);
    timer = g_timeout_add((guint)(seconds * 1000) + (guint)(SETTLE_NS / GS_NS_PER_MS), stop, p);
    while (!p->ended)
        g_main_context_iteration(NULL, TRUE);
    if (g_main_context_find_source_by_id(NULL, timer))
        g_source_remove(timer);
}

static void print_run(const struct phase *p, const char *name, int seconds)
{
    printf("| %s | %.1f | %.1f | %.0f ", name, (double)p->pictures / seconds,
           (double)p->commits / seconds, p->commits ? 100.0 * p->together / p->commits : 0.0);
    for (int i = 0; i < N_PARTS; i++) {
        const struct gs_histogram *h = &p->parts[i];

        printf("| %.1f / %.1f / %.1f ", (double)gs_histogram_percentile(h, 50) / 1e6,
               (double)gs_histogram_percentile(h, 95) / 1e6,
               (double)gs_histogram_percentile(h, 99) / 1e6);
    }
    printf("|\n");
    fflush(stdout);
}

static void push(GPtrArray *argv, const char *option, const char *value)
{
    g_ptr_array_add(argv, g_strdup(option));
    g_ptr_array_add(argv, g_strdup(value));
}

/* way: as in the usage. To be freed by g_strfreev. */
static char **command(const char *bin, const char *way, const char *log)
{
    g_auto(GStrv) words = g_strsplit(way, ",", 3);
    guint n = g_strv_length(words);
    bool wayland = strcmp(way, "wayland") == 0;
    GPtrArray *argv = g_ptr_array_new();

    g_ptr_array_add(argv, g_build_filename(bin, wayland ? "gs-compare-app" : "gs-phase-app", NULL));
    push(argv, "--log", log);
    if (wayland) {
        push(argv, "--scene", "scroll");
        g_ptr_array_add(argv, g_strdup("--wayland"));
    } else {
        push(argv, "--how", n > 0 ? words[0] : "");
        push(argv, "--rate", n > 1 ? words[1] : "60");
        push(argv, "--pieces", n > 2 ? words[2] : "0");
    }
    g_ptr_array_add(argv, NULL);
    return (char **)g_ptr_array_free(argv, FALSE);
}

static int run(const char *bin, const char *way, int seconds, uint32_t fps)
{
    g_autofree char *dir = g_dir_make_tmp("gs-phase-XXXXXX", NULL);
    g_autofree char *log = g_build_filename(dir, "log", NULL);
    g_auto(GStrv) argv = command(bin, way, log);
    g_autofree struct phase *p = g_new0(struct phase, 1);
    int r = cmp_log_open(log, true, &p->log);

    current = p;
    p->last = -1;
    if (r == 0)
        r = open_parts(p, dir, argv, fps);
    if (r == 0) {
        measure(p, seconds);
        print_run(p, way, seconds);
        r = p->pictures ? 0 : -ENODATA;
    }
    close_parts(p);
    unlink(log);
    rmdir(dir);
    if (r < 0)
        fprintf(stderr, "gs-phase: %s: %s\n", way, strerror(-r));
    return r;
}

static bool lacks_xwayland(char **ways)
{
    g_autofree char *path = g_find_program_in_path("Xwayland");

    for (; *ways && !path; ways++) {
        if (strcmp(*ways, "wayland"))
            return true;
    }
    return false;
}

int main(int argc, char **argv)
{
    g_autofree char *bin = g_path_get_dirname(argv[0]);
    g_auto(GStrv) ways = NULL;
    int seconds = 5, repeats = 1, fps = 60, err, r = 0;
    const GOptionEntry entries[] = {
        {"seconds", 0, 0, G_OPTION_ARG_INT, &seconds, "Of each run (5)", "N"},
        {"repeats", 0, 0, G_OPTION_ARG_INT, &repeats, "Of everything (1)", "N"},
        {"fps", 0, 0, G_OPTION_ARG_INT, &fps, "Of the session (60)", "N"},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &ways, NULL,
         "wayland | HOW[,RATE[,PIECES]]…"},
        {0}};
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autoptr(GError) error = NULL;

    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error) || !ways || seconds < 1 || fps < 1) {
        fprintf(stderr, "gs-phase: %s\n", error ? error->message : "name what is to be drawn");
        return 2;
    }
    if (lacks_xwayland(ways)) {
        fprintf(stderr, "gs-phase: Xwayland is missing; scripts/deps installs it\n");
        return 77;
    }
    gs_log_set_level(GS_LOG_WARN);
    printf("| app | pictures/s | commits/s | at a callback, %% ");
    for (int i = 0; i < N_PARTS; i++)
        printf("| %s ", part_names[i]);
    printf("|\n|---|---|---|---|---|---|---|---|---|\n");
    for (int k = 0; k < repeats; k++) {
        for (char **way = ways; *way; way++) {
            err = run(bin, *way, seconds, (uint32_t)fps);
            r = GS_MIN(r, err);
        }
    }
    return r < 0 ? 1 : 0;
}
