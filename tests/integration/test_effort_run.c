/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The encoder's effort, from the command line to the stream. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>

#include "tests/support/session_run.h"

static void test_every_effort_streams(void **state)
{
    static const char *const efforts[] = {"auto", "fast", "better", "best"};
    g_autofree char *app = gs_program_path("gs-test-app");
    const char *const argv[] = {app, "--mode", "counter", NULL};

    (void)state;
    for (size_t i = 0; i < GS_ARRAY_SIZE(efforts); i++) {
        const char *const args[] = {"--effort", efforts[i], NULL};
        struct gs_session_run run;
        struct gs_client_run client;

        assert_int_equal(gs_session_run_start(args, argv, &run), 0);
        assert_int_equal(gs_client_start(&run, NULL, 2, NULL, NULL, &client), 0);
        assert_int_equal(gs_client_wait(&client), 0);
        assert_true(gs_client_stat(&client, "frames_decoded") > 10);
        gs_client_finish(&client);
        assert_int_equal(gs_session_run_stop(&run), 0);
        gs_session_run_finish(&run);
    }
}

static void test_unknown_effort_is_refused(void **state)
{
    g_autofree char *app = gs_program_path("gs-test-app");
    const char *const argv[] = {app, "--mode", "counter", NULL};
    const char *const args[] = {"--effort", "dance", NULL};
    struct gs_session_run run;

    (void)state;
    assert_true(gs_session_run_start(args, argv, &run) < 0);
    gs_session_run_finish(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_effort_streams),
        cmocka_unit_test(test_unknown_effort_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
