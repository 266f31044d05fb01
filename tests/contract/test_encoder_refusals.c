/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the ladder of encoders says where a device refuses: each reason once, in the log and to the
 * client, and never software without a word. On mock devices: see with_mock_gpu. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "encoder/encoder.h"

static const struct gs_encoder_params params = {.width = 320, .height = 240, .fps = 60};

/* What the walk down the ladder logs, for g_free. */
static char *create_logged(const char *name, struct gs_encoder **ret)
{
    int saved = dup(STDERR_FILENO), fd = memfd_create("log", MFD_CLOEXEC);
    char *text = g_malloc0(65536);

    fflush(stderr);
    assert_true(fd >= 0 && saved >= 0);
    assert_true(dup2(fd, STDERR_FILENO) >= 0);
    *ret = NULL;
    if (gs_encoder_create(name, &params, ret) < 0)
        *ret = NULL;
    fflush(stderr);
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    assert_true(pread(fd, text, 65535, 0) >= 0);
    close(saved);
    close(fd);
    return text;
}

/* Lines of the log that say that `name` refused. */
static unsigned refusals_of(const char *log, const char *level, const char *name)
{
    g_autofree char *wanted = g_strdup_printf("encoder %s refused:", name);
    g_auto(GStrv) lines = g_strsplit(log, "\n", -1);
    unsigned n = 0;

    for (unsigned i = 0; lines[i]; i++)
        n += strstr(lines[i], wanted) && strstr(lines[i], level);
    return n;
}

static bool mock_nvidia(void)
{
    const char *path = g_getenv("LD_LIBRARY_PATH");

    return path && strstr(path, "/mock");
}

struct refusal {
    const char *device; /* NULL: as it is */
    const char *switches, *reason;
};

static void assert_refusal(const char *variable, const char *name, const struct refusal *r)
{
    struct gs_encoder *enc;
    g_autofree char *log = NULL, *named = NULL;

    g_setenv(variable, r->switches, TRUE);
    if (r->device)
        g_setenv("GPUSHARE_RENDER_NODE", r->device, TRUE);
    log = create_logged("", &enc);
    assert_non_null(enc);
    assert_string_equal(enc->impl->name, "x264");
    if (!strstr(enc->why, r->reason) || !strstr(enc->why, name))
        fail_msg("the client is told: %s", enc->why);
    if (refusals_of(log, "warn", name) != 1 || !strstr(log, "costs processor time"))
        fail_msg("the log says: %s", log);
    gs_encoder_destroy(enc);
    named = create_logged(name, &enc);
    assert_null(enc);
    if (!strstr(named, r->reason) || !strstr(named, "error"))
        fail_msg("the log says: %s", named);
    g_unsetenv(variable);
}

static void test_vaapi_refusals(void **state)
{
    static const struct refusal all[] = {
        {NULL, "noprofile", "knows no H.264"},
        {NULL, "noencode", "does not encode it: gpushare mock driver"},
        {NULL, "surfaces", "gives no NV12 surface"},
        {NULL, "lpfails,lowpower,failing", "H.264 encoder fails"},
        {"/dev/no-such-node", "", "/dev/no-such-node may not be opened"},
    };
    g_autofree char *node = g_strdup(g_getenv("GPUSHARE_RENDER_NODE"));

    (void)state;
    if (!node)
        skip();
    for (size_t i = 0; i < GS_ARRAY_SIZE(all); i++)
        assert_refusal("GS_MOCK_VA", "vaapi", &all[i]);
    g_setenv("GPUSHARE_RENDER_NODE", node, TRUE);
}

static void test_vaapi_driver_missing(void **state)
{
    g_autofree char *path = g_strdup(g_getenv("LIBVA_DRIVERS_PATH"));

    (void)state;
    if (!path)
        skip();
    g_setenv("LIBVA_DRIVERS_PATH", "/nonexistent", TRUE);
    assert_refusal("GS_MOCK_VA", "vaapi", &(struct refusal){NULL, "", "no VA-API driver works on"});
    g_setenv("LIBVA_DRIVERS_PATH", path, TRUE);
}

/* The low-power way is taken where it works, and the other where it does not. */
static void test_vaapi_low_power(void **state)
{
    static const char *const switches[] = {"lowpower", "lowpower,lpfails"};

    (void)state;
    if (!g_getenv("GPUSHARE_RENDER_NODE"))
        skip();
    for (size_t i = 0; i < GS_ARRAY_SIZE(switches); i++) {
        struct gs_encoder *enc;
        g_autofree char *log = NULL;

        g_setenv("GS_MOCK_VA", switches[i], TRUE);
        log = create_logged("", &enc);
        assert_non_null(enc);
        assert_string_equal(enc->impl->name, "vaapi");
        gs_encoder_destroy(enc);
    }
    g_unsetenv("GS_MOCK_VA");
}

static void test_nvenc_refusals(void **state)
{
    static const struct refusal all[] = {
        {NULL, "mismatch", "CUDA does not start: CUDA_ERROR_SYSTEM_DRIVER_MISMATCH"},
        {NULL, "old", "driver is too old: it has NVENC 8.0"},
        {NULL, "noguids", "Mock GPU has no NVENC encoder for H.264 (A100, H100 and H200"},
        {NULL, "unsupported", "Mock GPU has no NVENC encoder for H.264"},
        {NULL, "full", "NVENC of Mock GPU is full: its limit of sessions"},
        {NULL, "small", "NVENC of Mock GPU encodes up to 256x256"},
    };

    (void)state;
    if (!mock_nvidia())
        skip();
    for (size_t i = 0; i < GS_ARRAY_SIZE(all); i++)
        assert_refusal("GS_MOCK_NVIDIA", "nvenc", &all[i]);
}

/* A driver without a GPU is no hardware that refuses. */
static void test_nvidia_driver_without_gpu(void **state)
{
    struct gs_encoder *enc;
    g_autofree char *log = NULL;

    (void)state;
    if (!mock_nvidia())
        skip();
    g_setenv("GS_MOCK_NVIDIA", "nodevice", TRUE);
    log = create_logged("", &enc);
    g_unsetenv("GS_MOCK_NVIDIA");
    assert_non_null(enc);
    assert_int_equal(refusals_of(log, "info", "nvenc"), 1);
    assert_non_null(strstr(enc->why, "nvenc: the NVIDIA driver finds no GPU"));
    gs_encoder_destroy(enc);
}

/* The session that finds NVENC full is in software, the next one is not: nothing leaks. */
static void test_nvenc_limit_of_sessions(void **state)
{
    struct gs_encoder *first, *second, *third;
    g_autofree char *log = NULL, *full = NULL, *again = NULL;

    (void)state;
    if (!mock_nvidia())
        skip();
    g_setenv("GS_MOCK_NVIDIA", "one", TRUE);
    log = create_logged("", &first);
    full = create_logged("", &second);
    assert_string_equal(first->impl->name, "nvenc");
    assert_string_equal(second->impl->name, "x264");
    assert_non_null(strstr(second->why, "limit of sessions"));
    gs_encoder_destroy(first);
    again = create_logged("", &third);
    assert_string_equal(third->impl->name, "nvenc");
    gs_encoder_destroy(third);
    gs_encoder_destroy(second);
    g_unsetenv("GS_MOCK_NVIDIA");
}

/* Where there is no hardware at all, software is no surprise: it is told, not warned of. */
static void test_no_hardware(void **state)
{
    struct gs_encoder *enc;
    g_autofree char *log = NULL;

    (void)state;
    if (g_getenv("GPUSHARE_RENDER_NODE") || mock_nvidia() ||
        g_file_test("/dev/dri", G_FILE_TEST_EXISTS) ||
        g_file_test("/dev/nvidiactl", G_FILE_TEST_EXISTS))
        skip();
    log = create_logged("", &enc);
    assert_non_null(enc);
    assert_string_equal(enc->impl->name, "x264");
    assert_null(strstr(log, "warn"));
    assert_int_equal(refusals_of(log, "info", "nvenc"), 1);
    assert_int_equal(refusals_of(log, "info", "vaapi"), 1);
    assert_non_null(strstr(enc->why, "nvenc: no NVIDIA driver"));
    assert_non_null(strstr(enc->why, "vaapi: no GPU"));
    gs_encoder_destroy(enc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vaapi_refusals),
        cmocka_unit_test(test_vaapi_driver_missing),
        cmocka_unit_test(test_vaapi_low_power),
        cmocka_unit_test(test_nvenc_refusals),
        cmocka_unit_test(test_nvidia_driver_without_gpu),
        cmocka_unit_test(test_nvenc_limit_of_sessions),
        cmocka_unit_test(test_no_hardware),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
