/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/integration/client_checks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/support/fake_host.h"
#include "tests/support/fake_pixel.h"

const uint32_t client_unswapped[4] = {FAKE_RED, FAKE_GREEN, FAKE_BLUE, FAKE_WHITE};
const uint32_t client_swapped[4] = {FAKE_GREEN, FAKE_RED, FAKE_WHITE, FAKE_BLUE};

static double number(const json_t *json, const char *key)
{
    const json_t *value = json_object_get(json, key);

    if (!json_is_number(value))
        fail_msg("%s is no number", key);
    return json_number_value(value);
}

void client_check_percentiles(const json_t *json, const char *key)
{
    const json_t *p = json_object_get(json, key);

    assert_true(number(p, "p50") <= number(p, "p95"));
    assert_true(number(p, "p95") <= number(p, "p99"));
}

void client_check_stats(const char *path)
{
    static const char *const numbers[] = {
        "frames_received", "frames_decoded", "frames_presented", "fps",
        "bytes_received",  "packets_lost",   "freezes",          "packets_repaired",
        "freeze_ms",       "keyframes",      "rtt_ms",           "cpu_s",
        "first_frame_ms",  "width",          "height",           "duration_s",
    };
    static const char *const stages[] = {"grant",   "convert", "encode", "send",
                                         "network", "decode",  "present"};
    json_t *json = json_load_file(path, 0, NULL);

    assert_non_null(json);
    assert_int_equal(number(json, "v"), 1);
    for (size_t i = 0; i < GS_ARRAY_SIZE(numbers); i++)
        assert_true(number(json, numbers[i]) >= 0);
    assert_true(number(json, "frames_decoded") > 5);
    assert_true(number(json, "pss_kb") > 0);
    client_check_percentiles(json, "latency_ms");
    for (size_t i = 0; i < GS_ARRAY_SIZE(stages); i++)
        client_check_percentiles(json_object_get(json, "stages_ms"), stages[i]);
    assert_string_equal(json_string_value(json_object_get(json, "encoder")), "x264");
    assert_string_equal(json_string_value(json_object_get(json, "session")), "test");
    json_decref(json);
}

void client_check_picture(const char *path, const uint32_t colours[4])
{
    struct gs_image img;

    assert_int_equal(gs_image_load(path, &img), 0);
    assert_int_equal(img.width, FAKE_WIDTH);
    assert_int_equal(img.height, FAKE_HEIGHT);
    fake_check_pixel(&img, 100, 50, colours[0]);
    fake_check_pixel(&img, 540, 50, colours[1]);
    fake_check_pixel(&img, 100, 300, colours[2]);
    fake_check_pixel(&img, 540, 300, colours[3]);
    gs_image_finish(&img);
}

/* The cursor of the fake host is a black square at the pointer, which starts in the middle. */
void client_check_cursor(const char *path, uint32_t x, uint32_t y)
{
    struct gs_image img;

    assert_int_equal(gs_image_load(path, &img), 0);
    assert_int_equal(gs_image_pixel(&img, x + 4, y + 4), 0);
    gs_image_finish(&img);
}
