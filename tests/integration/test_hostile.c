/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Applications that do what they must not, one after the other, beside one that works: the session
 * goes on, its client gets pictures all the time, and its memory is bounded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/need.h"
#include "tests/support/session_run.h"

/* Of the worker: far above what the modes need, far below what would hurt the neighbours. A
 * sanitizer needs as much again for itself, several times. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MAX_RSS_KB (3L << 20)
#else
#define MAX_RSS_KB (512L << 10)
#endif
#define MODE_LIMIT_S 120 /* a mode that has not ended by then hangs */

struct mode {
    const char *name;
    const char *statuses; /* of hostile_app that are right */
};

/* 0: everything was borne; 9: every crime was punished, or the connection cut; 8: some crimes are
 * none for wlroots 0.15. */
static const struct mode modes[] = {
    {"malformed", "9"},      {"pools", "9"},           {"sparse", "0"},
    {"breathing", "0 9"},    {"resizing", "0"},        {"orphans", "0"},
    {"children", "9"},       {"nesting", "0"},         {"nesting-deep", "9"},
    {"nesting-cached", "9"}, {"nesting-upwards", "9"}, {"damage", "0"},
    {"regions", "0"},        {"callbacks", "0 9"},     {"bad-viewport", "8 9"},
    {"viewport", "0"},       {"bad-scale", "9"},       {"scale", "0"},
    {"windows", "0"},        {"popups", "9"},          {"bad-positioner", "9"},
    {"positions", "0"},      {"limits", "0"},          {"titles", "0"},
    {"cursors", "0"},        {"clipboards", "0"},      {"surfaces", "9"},
    {"places", "0"},         {"objects", "9"},         {"bad-syncs", "9"},
    {"twice", "0 9"},        {"syncs", "0"},           {"deaf", "0 9"},
    {"leavers", "0"},        {"registries", "0"},
};

/* 0: it is gone. */
static long rss_kb(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/status", (int)pid);
    g_autofree char *text = NULL;
    const char *line;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return 0;
    line = strstr(text, "VmRSS:");
    return line ? strtol(line + 6, NULL, 10) : 0;
}

static void give_up(const struct gs_session_run *run, const char *mode)
{
    g_autofree char *text = gs_process_stderr(&run->host);

    fail_msg("%s was too much; the session said:\n%s", mode, text);
}

/* Waits for the line "MODE STATUS" on the session's stderr and returns the status. */
static int await(const struct gs_session_run *run, const char *mode)
{
    g_autofree char *mark = g_strdup_printf("hostile %s: ", mode), *text = NULL;
    const char *at;

    if (!gs_process_wait_stderr(&run->host, mark, MODE_LIMIT_S * 1000))
        give_up(run, mode);
    g_usleep(20000); /* the status is written together with the mark */
    text = gs_process_stderr(&run->host);
    at = strstr(text, mark);
    return atoi(at + strlen(mark));
}

static bool is_one_of(const char *statuses, int status)
{
    g_auto(GStrv) list = g_strsplit(statuses, " ", -1);
    g_autofree char *text = g_strdup_printf("%d", status);

    return g_strv_contains((const char *const *)list, text);
}

static void watch(struct gs_session_run *run, const char *program, const struct mode *list,
                  size_t n)
{
    pid_t worker = gs_process_find_marked(run->mark, "gpushare-session");

    assert_true(worker > 0);
    for (size_t i = 0; i < n; i++) {
        int status = await(run, list[i].name);
        long rss = rss_kb(worker);

        print_message("%s %s: %d, worker %ld kB\n", program, list[i].name, status, rss);
        if (!is_one_of(list[i].statuses, status))
            fail_msg("%s ended with %d instead of %s", list[i].name, status, list[i].statuses);
        if (!rss || rss > MAX_RSS_KB)
            give_up(run, list[i].name);
    }
}

/* The counter is the session's application: it ends when this does. */
static char *script(const char *program, const struct mode *list, size_t n)
{
    g_autofree char *app = gs_program_path("gs-test-app");
    GString *text = g_string_new("(sleep 1; for m in");

    for (size_t i = 0; i < n; i++)
        g_string_append_printf(text, " %s", list[i].name);
    g_string_append_printf(text,
                           "; do '%s' $m 2>/dev/null; echo \"hostile $m: $?\" >&2; done) & "
                           "exec '%s' --mode counter",
                           program, app);
    return g_string_free(text, FALSE);
}

static void check_pictures(struct gs_session_run *run)
{
    struct gs_client_run client;
    uint32_t shown = 0;

    assert_int_equal(gs_client_run(run, 3, NULL, &client), 0);
    assert_true(gs_client_stat(&client, "frames_decoded") > 10);
    assert_true(gs_image_read_blocks(&client.picture, &shown));
    gs_client_finish(&client);
}

static void endure(const char *program, const struct mode *list, size_t n)
{
    g_autofree char *text = script(program, list, n);
    const char *const argv[] = {"sh", "-c", text, NULL};
    struct gs_session_run run;
    struct gs_client_run client;

    assert_int_equal(gs_session_run_start(NULL, argv, &run), 0);
    /* Without an end of its own: stopped below. */
    assert_int_equal(gs_client_start(&run, NULL, 100000, NULL, NULL, &client), 0);
    watch(&run, program, list, n);
    gs_process_signal(&client.process, SIGTERM);
    assert_int_equal(gs_client_wait(&client), 0);
    assert_true(gs_client_stat(&client, "frames_decoded") > 50);
    gs_client_finish(&client);
    check_pictures(&run);
    assert_int_equal(gs_session_run_stop(&run), 0);
    gs_session_run_finish(&run);
}

static void test_wayland(void **state)
{
    (void)state;
    endure(HOSTILE_APP, modes, G_N_ELEMENTS(modes));
}

static void test_x11(void **state)
{
    /* 1 and 9: Xwayland went over it, or was ended as it blocked the session, and comes again. */
    static const struct mode x11_modes[] = {
        {"huge", "0 1 9"},  {"many", "0 1 9"},       {"override", "0 1 9"},
        {"loops", "0 1 9"}, {"properties", "0 1 9"},
    };

    (void)state;
    NEED("Xwayland");
    endure(HOSTILE_X11, x11_modes, G_N_ELEMENTS(x11_modes));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wayland),
        cmocka_unit_test(test_x11),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
