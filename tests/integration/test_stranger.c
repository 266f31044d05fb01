/* SPDX-License-Identifier: GPL-2.0-or-later */
/* docs/protocol.md is enough: a client that was written from it alone, in Python, uses a session.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "host/door.h"
#include "tests/support/fake_host.h"
#include "tests/support/session_run.h"

#define FRAMES 60
#define LIMIT_MS 90000

static char *source_file(const char *name)
{
    return g_build_filename(g_getenv("GS_SOURCE_DIR"), name, NULL);
}

struct outcome {
    int status;
    char *out, *err; /* the first line of stdout, all of stderr */
};

static struct outcome run_program(const char *const *argv)
{
    struct outcome o = {0};
    struct gs_process p;

    assert_int_equal(gs_process_start(argv, NULL, &p), 0);
    o.out = gs_process_read_line(&p, LIMIT_MS);
    o.status = gs_process_wait(&p, LIMIT_MS);
    o.err = gs_process_stderr(&p);
    gs_process_finish(&p);
    return o;
}

static void outcome_finish(struct outcome *o)
{
    g_free(o->out);
    g_free(o->err);
}

static struct outcome stranger(const char *first, const char *second, const char *third)
{
    g_autofree char *script = source_file("tests/integration/stranger_client.py");
    const char *const argv[] = {PYTHON, script, first, second, third, NULL};

    return run_program(argv);
}

static void start(struct gs_session_run *run)
{
    g_autofree char *app = gs_program_path("gs-test-app");
    const char *const argv[] = {app, "--mode", "counter", NULL};

    assert_int_equal(gs_session_run_start(NULL, argv, run), 0);
}

static void stop(struct gs_session_run *run)
{
    assert_int_equal(gs_session_run_stop(run), 0);
    gs_session_run_finish(run);
}

static int check_python(void **state)
{
    g_autofree char *page = source_file("docs/protocol.md");
    struct outcome o = stranger("--examples", page, NULL);

    (void)state;
    if (o.status == 77) {
        print_message("%s\n", o.out);
        outcome_finish(&o);
        exit(77);
    }
    outcome_finish(&o);
    return 0;
}

static void test_examples(void **state)
{
    g_autofree char *page = source_file("docs/protocol.md");
    struct outcome o = stranger("--examples", page, NULL);

    (void)state;
    if (o.status != 0)
        fail_msg("%s", o.err);
    outcome_finish(&o);
}

/* How many pictures a foreign decoder makes of the file; and their size. */
static void assert_decodes(const char *file, int frames)
{
    const char *const argv[] = {"ffprobe",
                                "-v",
                                "error",
                                "-count_frames",
                                "-show_entries",
                                "stream=width,height,nb_read_frames",
                                "-of",
                                "csv",
                                file,
                                NULL};
    g_autofree char *want = g_strdup_printf("stream,640,360,%d", frames);
    struct outcome o = run_program(argv);

    assert_int_equal(o.status, 0);
    assert_string_equal(o.out, want);
    assert_string_equal(o.err, "");
    outcome_finish(&o);
}

static void test_stream_and_input(void **state)
{
    g_autofree char *file = NULL;
    struct gs_session_run run;
    struct outcome o;
    json_t *said;

    (void)state;
    start(&run);
    file = g_build_filename(run.dir, "stream.h264", NULL);
    o = stranger(run.url, file, G_STRINGIFY(FRAMES));
    if (o.status != 0)
        fail_msg("%s", o.err);
    said = json_loads(o.out, 0, NULL);
    assert_true(json_is_true(json_object_get(said, "input_seen")));
    assert_true(json_integer_value(json_object_get(said, "frames")) >= FRAMES);
    assert_true(json_integer_value(json_object_get(said, "pongs")) >= 1);
    assert_true(json_integer_value(json_object_get(said, "sender_reports")) >= 1);
    assert_decodes(file, (int)json_integer_value(json_object_get(said, "frames")));
    json_decref(said);
    outcome_finish(&o);
    stop(&run);
}

/* Has it break its control connection after 20 frames. url, file: as it takes them. */
static struct gs_process start_breaking(const char *url, const char *file)
{
    g_autofree char *script = source_file("tests/integration/stranger_client.py");
    const char *const argv[] = {PYTHON, script, url, file, "40", "20", NULL};
    struct gs_process p;

    assert_int_equal(gs_process_start(argv, NULL, &p), 0);
    return p;
}

/* It ended with the status; takes it and what it said. */
static json_t *finish_breaking(struct gs_process *p, int status)
{
    g_autofree char *line = gs_process_read_line(p, LIMIT_MS), *err = gs_process_stderr(p);
    json_t *said;

    gs_process_finish(p);
    if (status != 0)
        fail_msg("%s", err);
    said = json_loads(line, 0, NULL);
    assert_true(json_integer_value(json_object_get(said, "frames")) >= 40);
    return said;
}

/* Whether the host goes on with the stream or begins another one: a decoder takes both. */
static void test_comes_back(void **state)
{
    g_autofree char *file = NULL;
    struct gs_session_run run;
    struct gs_process p;
    json_t *said;

    (void)state;
    start(&run);
    file = g_build_filename(run.dir, "stream.h264", NULL);
    p = start_breaking(run.url, file);
    said = finish_breaking(&p, gs_process_wait(&p, LIMIT_MS));
    assert_true(json_is_boolean(json_object_get(said, "resumed")));
    assert_decodes(file, (int)json_integer_value(json_object_get(said, "frames")));
    json_decref(said);
    stop(&run);
}

static void test_resumes(void **state)
{
    const struct gs_fake_host_params params = {.back = {.resume = true}};
    struct gs_fake_host *host;
    g_autofree char *url = NULL;
    struct gs_process p;
    json_t *said;

    (void)state;
    assert_int_equal(gs_fake_host_create(&params, &host), 0);
    url = gs_fake_host_url(host, false);
    p = start_breaking(url, "/dev/null");
    said = finish_breaking(&p, gs_fake_host_run_program(host, &p));
    assert_true(json_is_true(json_object_get(said, "resumed")));
    assert_int_equal(gs_fake_host_clients(host), 2);
    assert_int_equal(gs_fake_host_reports(host)->len, 1);
    json_decref(said);
    gs_fake_host_destroy(host);
}

/* With new keys, on the same port, while the first has just left. */
static void test_again(void **state)
{
    struct gs_session_run run;
    struct outcome o;

    (void)state;
    start(&run);
    for (int i = 0; i < 2; i++) {
        g_autofree char *file = g_build_filename(run.dir, "stream.h264", NULL);

        o = stranger(run.url, file, "5");
        if (o.status != 0)
            fail_msg("%s", o.err);
        outcome_finish(&o);
    }
    stop(&run);
}

static void test_refused(void **state)
{
    g_autofree char *url = NULL;
    struct gs_session_run run;
    struct outcome o;
    char *ticket;

    (void)state;
    start(&run);
    url = g_strdup(run.url);
    ticket = strstr(url, "ticket=") + strlen("ticket=");
    *ticket = *ticket == 'x' ? 'y' : 'x';
    o = stranger(url, "/dev/null", "5");
    assert_int_equal(o.status, 1);
    /* Type 3: ERROR. */
    assert_non_null(strstr(o.err, "came 3"));
    assert_non_null(strstr(o.err, "\"status\":3"));
    outcome_finish(&o);
    stop(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples),   cmocka_unit_test(test_stream_and_input),
        cmocka_unit_test(test_comes_back), cmocka_unit_test(test_resumes),
        cmocka_unit_test(test_again),      cmocka_unit_test(test_refused),
    };

    gs_door_prepare_tls();
    return cmocka_run_group_tests(tests, check_python, NULL);
}
