/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The encoder that the command line asks for: the host's last word says why it cannot be had, and
 * what helps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>
#include <string.h>

#include "tests/support/session_run.h"

static int start(const char *encoder, const char *const *env, struct gs_session_run *run)
{
    g_autofree char *app = gs_program_path("gs-test-app");
    const char *const argv[] = {app, "--mode", "static", NULL};
    const char *const args[] = {"--encoder", encoder, NULL};

    return gs_session_run_start_env(args, argv, env, run);
}

static void assert_refused(const char *encoder, const char *const *env, const char *says)
{
    g_autofree char *said = NULL;
    struct gs_session_run run;
    const char *last;

    assert_true(start(encoder, env, &run) < 0);
    assert_int_equal(gs_session_run_wait(&run), 1);
    said = gs_process_stderr(&run.host);
    g_strchomp(said);
    last = strrchr(said, '\n');
    if (!last || !strstr(last, "gpushare-host") || !strstr(last, says))
        fail_msg("its last word is: %s", last ? last : said);
    gs_session_run_finish(&run);
}

static void test_no_driver(void **state)
{
    (void)state;
    if (g_file_test("/dev/nvidiactl", G_FILE_TEST_EXISTS))
        skip();
    assert_refused("nvenc", NULL,
                   "encoder nvenc: no NVIDIA driver (libcuda.so.1); try --encoder auto, or "
                   "gpushare-host doctor");
}

/* Found, and refusing when it is opened. */
static void test_refuses_at_open(void **state)
{
    g_autofree char *path = g_strconcat("LD_LIBRARY_PATH=", g_getenv("GS_MOCK_DIR"), NULL);

    (void)state;
    assert_refused("nvenc", (const char *const[]){path, "GS_MOCK_NVIDIA=noguids", NULL},
                   "encoder nvenc: Mock GPU has no NVENC encoder for H.264 (A100, H100 and H200 "
                   "have none); try --encoder auto");
    assert_refused("nvenc", (const char *const[]){path, "GS_MOCK_NVIDIA=full", NULL},
                   "encoder nvenc: NVENC of Mock GPU is full");
}

static void test_unknown(void **state)
{
    (void)state;
    assert_refused("dance", NULL,
                   "there is no encoder 'dance'; there are: auto nvenc vaapi x264 null");
}

static void test_auto(void **state)
{
    struct gs_session_run run;

    (void)state;
    assert_int_equal(start("auto", NULL, &run), 0);
    assert_true(
        gs_process_wait_stderr(&run.host, "is the first that works", GS_PROCESS_DEADLINE_MS));
    assert_int_equal(gs_session_run_stop(&run), 0);
    gs_session_run_finish(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_driver),
        cmocka_unit_test(test_refuses_at_open),
        cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_auto),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
