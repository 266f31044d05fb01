/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "session/desktop/sandbox.h"

static char *const app[] = {(char *)"sh", (char *)"-c", (char *)"x y", NULL};

static const struct gs_sandbox_params params = {.kind = GS_SANDBOX_STANDARD,
                                                .init = "/opt/gs/gpushare-init",
                                                .runtime_dir = "/run/gpushare/s",
                                                .x11_socket = "/tmp/.X11-unix/X7",
                                                .render_node = "",
                                                .home = "/home/ann",
                                                .user_runtime_dir = "/nonexistent",
                                                .hide = "/usr:/nonexistent/too:",
                                                .argv = app};

/* One line, so that an order can be looked for. */
static char *line(const struct gs_sandbox_params *p)
{
    g_auto(GStrv) command = gs_sandbox_command(p);

    return g_strjoinv(" ", command);
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("'%s' is not in: %s", part, text);
}

static void assert_lacks(const char *text, const char *part)
{
    if (strstr(text, part))
        fail_msg("'%s' is in: %s", part, text);
}

static void test_standard(void **state)
{
    g_autofree char *s = line(&params);

    (void)state;
    assert_true(g_str_has_prefix(s, "bwrap "));
    assert_has(s, "--bind / /");
    assert_has(s, "--tmpfs /tmp");
    assert_has(s, "--tmpfs /run");
    assert_has(s, "--tmpfs /usr"); /* it is there, and was to be hidden */
    assert_lacks(s, "nonexistent");
    assert_lacks(s, "--unshare-net");
    assert_has(s, "--bind /run/gpushare/s /run/gpushare/s --ro-bind-try /tmp/.X11-unix/X7");
    assert_true(g_str_has_suffix(s, "-- /opt/gs/gpushare-init 3 sh -c x y"));
    /* What is put in its place comes after what hides it. */
    assert_true(strstr(s, "--tmpfs /run") < strstr(s, "--bind /run/gpushare/s"));
    assert_true(strstr(s, "--tmpfs /tmp") < strstr(s, "/tmp/.X11-unix"));
}

static void test_strict(void **state)
{
    struct gs_sandbox_params p = params;
    g_autofree char *s = NULL;

    (void)state;
    p.kind = GS_SANDBOX_STRICT;
    s = line(&p);
    assert_has(s, "--unshare-net");
    assert_has(s, "--ro-bind-try /usr /usr");
    assert_has(s, "--tmpfs /home/ann");
    assert_lacks(s, "--bind / /");
}

static void test_devices_of_the_gpu_in_use_only(void **state)
{
    struct gs_sandbox_params p = params;
    g_autofree char *none = line(&p), *one = NULL;

    (void)state;
    assert_lacks(none, "/dev/dri");
    p.render_node = "/dev/dri/renderD129";
    one = line(&p);
    assert_has(one, "--dev-bind-try /dev/dri/renderD129 /dev/dri/renderD129");
    assert_lacks(one, "renderD128");
}

static void test_programs_in_hidden_places_are_shown(void **state)
{
    struct gs_sandbox_params p = params;
    char *const own[] = {(char *)"/bin/sh", NULL};
    g_autofree char *s = NULL;

    (void)state;
    p.init = "/tmp/build/gpushare-init";
    p.x11_socket = NULL;
    p.argv = own;
    s = line(&p);
    assert_has(s, "--ro-bind-try /tmp/build/gpushare-init /tmp/build/gpushare-init");
    assert_lacks(s, "X11");
    assert_lacks(s, "--ro-bind-try /bin/sh");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_standard),
        cmocka_unit_test(test_strict),
        cmocka_unit_test(test_devices_of_the_gpu_in_use_only),
        cmocka_unit_test(test_programs_in_hidden_places_are_shown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
