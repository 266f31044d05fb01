/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole sessions on mock devices: which encoder is taken, by which way its pictures come, and that
 * the client shows them right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>
#include <jansson.h>
#include <string.h>

#include "tests/apps/paint.h"
#include "tests/support/session_run.h"

struct devices {
    const char *converter;      /* NULL: the best */
    const char *const *more;    /* environment */
    const char *encoder, *said; /* what is taken; a line of the log */
};

static void assert_colours(const struct gs_image *img)
{
    assert_non_null(img->rgb);
    for (uint32_t i = 0; i < GS_COLOUR_BARS; i++) {
        uint32_t x = img->width * (2 * i + 1) / (2 * GS_COLOUR_BARS);
        uint32_t seen = gs_image_pixel(img, x, img->height / 3);

        if (gs_colour_distance(seen, gs_colour_bars[i]) > 4)
            fail_msg("bar %u is %06x, not %06x", i, seen, gs_colour_bars[i]);
    }
}

static void session_on(const struct devices *d)
{
    g_autofree char *app = gs_program_path("gs-test-app");
    const char *const host[] = {d->converter ? "--converter" : NULL, d->converter, NULL};
    const char *const argv[] = {app, "--mode", "colours", NULL};
    struct gs_session_run run;
    struct gs_client_run client;

    assert_int_equal(gs_session_run_start_env(host, argv, d->more, &run), 0);
    assert_true(gs_process_wait_stderr(&run.host, d->said, GS_PROCESS_DEADLINE_MS));
    assert_int_equal(gs_client_run(&run, 3, NULL, &client), 0);
    assert_string_equal(json_string_value(json_object_get(client.stats, "encoder")), d->encoder);
    assert_true(gs_client_stat(&client, "frames_decoded") >= 1);
    assert_colours(&client.picture);
    gs_client_finish(&client);
    assert_int_equal(gs_session_run_stop(&run), 0);
    gs_session_run_finish(&run);
}

static char *in_mock_dir(const char *name, const char *file)
{
    return g_strconcat(name, "=", g_getenv("GS_MOCK_DIR"), file, NULL);
}

/* GL draws into textures that go to the encoder without a copy in memory. */
static void test_nvenc_from_textures(void **state)
{
    g_autofree char *path = in_mock_dir("LD_LIBRARY_PATH", "");
    const char *const more[] = {path, NULL};

    (void)state;
    session_on(&(struct devices){"gl", more, "nvenc",
                                 "converter gl draws into encoder nvenc's own picture"});
}

static void test_nvenc_from_memory(void **state)
{
    g_autofree char *path = in_mock_dir("LD_LIBRARY_PATH", "");
    const char *const more[] = {path, NULL};

    (void)state;
    session_on(&(struct devices){"cpu", more, "nvenc", "it draws to memory only"});
}

static void test_vaapi_from_memory(void **state)
{
    g_autofree char *path = in_mock_dir("LIBVA_DRIVERS_PATH", ""),
                    *drm = in_mock_dir("LD_PRELOAD", "/mock_drm.so");
    const char *const more[] = {path,
                                drm,
                                "LIBVA_DRIVER_NAME=mock",
                                "GPUSHARE_RENDER_NODE=/dev/null",
                                "ASAN_OPTIONS=verify_asan_link_order=0",
                                NULL};

    (void)state;
    session_on(&(struct devices){NULL, more, "vaapi", "vaapi is the first that works"});
}

/* A GPU without NVENC costs the session nothing but processor time, and says so. */
static void test_gpu_without_nvenc(void **state)
{
    g_autofree char *path = in_mock_dir("LD_LIBRARY_PATH", "");
    const char *const more[] = {path, "GS_MOCK_NVIDIA=noguids", NULL};

    (void)state;
    session_on(&(struct devices){NULL, more, "x264", "Mock GPU has no NVENC encoder for H.264"});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nvenc_from_textures),
        cmocka_unit_test(test_nvenc_from_memory),
        cmocka_unit_test(test_vaapi_from_memory),
        cmocka_unit_test(test_gpu_without_nvenc),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
