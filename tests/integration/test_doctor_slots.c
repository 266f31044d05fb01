/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The worker's doctor counts how many sessions a mock of NVENC takes at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "common/check.h"
#include "tests/support/process.h"
#include "tests/support/session_run.h"

#define LIMIT_MS 180000

/* env: what GS_MOCK_… are. False: it says nothing of slots. */
static bool ask(const char *const *env, struct gs_check *ret)
{
    g_autofree char *program = gs_program_path("gpushare-session");
    const char *const argv[] = {program, "--doctor", NULL};
    struct gs_process p;
    struct gs_check check;
    bool found = false;
    char *line;

    assert_int_equal(gs_process_start(argv, env, &p), 0);
    while ((line = gs_process_read_line(&p, LIMIT_MS))) {
        if (gs_check_from_json(line, strlen(line), &check) == 0 &&
            strcmp(check.id, "encoder.slots") == 0) {
            found = true;
            *ret = check;
        }
        g_free(line);
    }
    assert_true(gs_process_wait(&p, LIMIT_MS) >= 0);
    gs_process_finish(&p);
    return found;
}

static void test_counts_them(void **state)
{
    static const unsigned limits[] = {3, 40};
    static const char *const values[] = {"3", "32"};
    static const char *const says[] = {"nvenc takes 3 at once, beside", "and perhaps more"};

    (void)state;
    for (unsigned i = 0; i < G_N_ELEMENTS(limits); i++) {
        g_autofree char *dir = g_dir_make_tmp("gs-slots-XXXXXX", NULL);
        g_autofree char *slots = g_strconcat("GS_MOCK_NVENC_SLOTS=", dir, NULL);
        const char *const env[] = {slots, NULL};
        struct gs_check check;

        for (unsigned j = 0; j < limits[i]; j++) {
            g_autofree char *file = g_strdup_printf("%s/%u", dir, j);

            assert_true(g_file_set_contents(file, "", 0, NULL));
        }
        assert_true(ask(env, &check));
        assert_int_equal(check.status, GS_CHECK_OK);
        assert_string_equal(check.value, values[i]);
        assert_non_null(strstr(check.detail, says[i]));
        gs_process_remove_dir(dir);
    }
}

static void test_software_has_none(void **state)
{
    static const char *const env[] = {"GS_MOCK_NVIDIA=noguids", NULL};
    struct gs_check check;

    (void)state;
    assert_false(ask(env, &check));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_them),
        cmocka_unit_test(test_software_has_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
