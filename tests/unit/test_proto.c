/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <linux/input-event-codes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/proto.h"

static int read_input(struct gs_input in)
{
    uint8_t wire[GS_INPUT_SIZE];
    struct gs_input out = {0};
    int err;

    gs_input_write(&in, wire);
    err = gs_input_read(wire, &out);
    if (!err)
        assert_memory_equal(&in, &out, sizeof(in));
    return err;
}

static void test_input_read_accepts(void **state)
{
    static const struct gs_input good[] = {
        {.id = 1, .kind = GS_INPUT_KEY, .state = 1, .code = KEY_A, .time = 5},
        {.id = 2, .kind = GS_INPUT_KEY, .code = KEY_OK},
        {.id = UINT32_MAX, .kind = GS_INPUT_BUTTON, .state = 1, .code = BTN_LEFT},
        {.id = 3, .kind = GS_INPUT_MOTION_ABS, .x = 1280 << 8, .y = -1},
        {.id = 3, .kind = GS_INPUT_MOTION_REL, .x = -300, .y = 7},
        {.id = 4, .kind = GS_INPUT_AXIS, .code = 1, .x = -15 * 256, .y = -120},
        {.id = 5, .kind = GS_INPUT_LOCKS, .x = 7},
        {.id = 6, .kind = GS_INPUT_RESET},
    };

    (void)state;
    for (size_t i = 0; i < GS_ARRAY_SIZE(good); i++)
        assert_int_equal(read_input(good[i]), 0);
}

static void test_input_read_refuses(void **state)
{
    static const struct gs_input bad[] = {
        {.id = 0, .kind = GS_INPUT_RESET},
        {.id = 1, .kind = 0},
        {.id = 1, .kind = 8},
        {.id = 1, .kind = GS_INPUT_KEY, .code = 0},
        {.id = 1, .kind = GS_INPUT_KEY, .code = BTN_LEFT},
        {.id = 1, .kind = GS_INPUT_KEY, .code = KEY_CNT},
        {.id = 1, .kind = GS_INPUT_KEY, .code = KEY_A, .state = 2},
        {.id = 1, .kind = GS_INPUT_BUTTON, .code = KEY_A},
        {.id = 1, .kind = GS_INPUT_BUTTON, .code = BTN_LEFT, .state = 2},
        {.id = 1, .kind = GS_INPUT_MOTION_ABS, .x = INT32_MAX},
        {.id = 1, .kind = GS_INPUT_MOTION_REL, .y = INT32_MIN},
        {.id = 1, .kind = GS_INPUT_AXIS, .code = 2},
        {.id = 1, .kind = GS_INPUT_AXIS, .y = 120001},
        {.id = 1, .kind = GS_INPUT_LOCKS, .x = 8},
        {.id = 1, .kind = GS_INPUT_LOCKS, .x = -1},
    };

    (void)state;
    for (size_t i = 0; i < GS_ARRAY_SIZE(bad); i++) {
        if (read_input(bad[i]) != -EBADMSG)
            fail_msg("record %zu was accepted", i);
    }
}

static void test_cursor_roundtrip(void **state)
{
    uint8_t pixels[2 * 3 * 4] = {1, 2, 3, 4};
    struct gs_cursor_msg msg = {true, 2, 3, 1, 3, pixels};
    struct gs_cursor_msg out;
    uint8_t wire[64];

    (void)state;
    assert_int_equal(gs_cursor_size(&msg), GS_CURSOR_HEADER_SIZE + sizeof(pixels));
    gs_cursor_write(&msg, wire);
    assert_int_equal(gs_cursor_read(wire, gs_cursor_size(&msg), &out), 0);
    assert_int_equal(out.width, 2);
    assert_int_equal(out.height, 3);
    assert_int_equal(out.hot_x, 1);
    assert_int_equal(out.hot_y, 3);
    assert_memory_equal(out.pixels, pixels, sizeof(pixels));

    msg.visible = false;
    assert_int_equal(gs_cursor_size(&msg), GS_CURSOR_HEADER_SIZE);
    gs_cursor_write(&msg, wire);
    assert_int_equal(gs_cursor_read(wire, GS_CURSOR_HEADER_SIZE, &out), 0);
    assert_false(out.visible);
    assert_null(out.pixels);
}

static void test_cursor_read_refuses(void **state)
{
    uint8_t pixels[4] = {0};
    struct gs_cursor_msg msg = {true, 1, 1, 0, 0, pixels};
    struct gs_cursor_msg out;
    uint8_t wire[16] = {0};

    (void)state;
    gs_cursor_write(&msg, wire);
    assert_int_equal(gs_cursor_read(wire, 12, &out), -EBADMSG); /* cut */
    assert_int_equal(gs_cursor_read(wire, 14, &out), -EBADMSG); /* too long */
    assert_int_equal(gs_cursor_read(wire, 0, &out), -EBADMSG);
    wire[0] = 2;
    assert_int_equal(gs_cursor_read(wire, 13, &out), -EBADMSG);
    wire[0] = 1;
    wire[1] = 0xff; /* width 0xff01 */
    assert_int_equal(gs_cursor_read(wire, 13, &out), -EBADMSG);
    wire[1] = 0;
    wire[6] = 9; /* hot spot outside */
    assert_int_equal(gs_cursor_read(wire, 13, &out), -EBADMSG);
}

static void test_hello_roundtrip(void **state)
{
    const struct gs_hello h = {"app", "ticket", "client 1", 1920, 1080, "software", true};
    struct gs_hello out = {0};
    char *json = gs_hello_to_json(&h), *again;

    (void)state;
    assert_int_equal(gs_hello_from_json(json, strlen(json), &out), 0);
    again = gs_hello_to_json(&out);
    assert_string_equal(json, again);
    assert_string_equal(out.ticket, "ticket");
    assert_int_equal(out.display_height, 1080);
    assert_true(out.view);
    free(json);
    free(again);
}

static int parse_hello(const char *json)
{
    struct gs_hello out;

    return gs_hello_from_json(json, strlen(json), &out);
}

#define REST ",\"client\":\"c\",\"display\":{\"width\":0,\"height\":0},\"decoder\":\"d\""

static void test_hello_from_json_cases(void **state)
{
    (void)state;
    assert_int_equal(parse_hello("{\"v\":1,\"session\":\"s\",\"ticket\":\"t\"" REST "}"), 0);
    assert_int_equal(parse_hello("{\"v\":1,\"session\":\"s\"" REST ",\"new\":[1]}"), 0);
    assert_int_equal(parse_hello("{\"v\":2,\"session\":7}"), -EPROTO);
    assert_int_equal(parse_hello("{\"session\":\"s\"" REST "}"), -EBADMSG);
    assert_int_equal(parse_hello("{\"v\":1,\"session\":\"../s\"" REST "}"), -EBADMSG);
    assert_int_equal(parse_hello("{\"v\":1,\"session\":\"s\",\"ticket\":5" REST "}"), -EBADMSG);
    assert_int_equal(parse_hello("{\"v\":1,\"session\":\"s\\n\"" REST "}"), -EBADMSG);
    assert_int_equal(parse_hello("{\"v\":1,\"session\":\"s\"}"), -EBADMSG);
    assert_int_equal(parse_hello("[1]"), -EBADMSG);
    assert_int_equal(parse_hello("{"), -EBADMSG);
    assert_int_equal(parse_hello(""), -EBADMSG);
    /* A line break must not get into a log. */
    assert_int_equal(parse_hello("{\"v\":1,\"session\":\"s\",\"client\":\"a\\nb\","
                                 "\"display\":{\"width\":0,\"height\":0},\"decoder\":\"d\"}"),
                     -EBADMSG);
}

static void test_welcome_roundtrip(void **state)
{
    struct gs_welcome w = {.session = "s",
                           .width = 1280,
                           .height = 720,
                           .fps = 60,
                           .ssrc = UINT32_MAX,
                           .client_ssrc = 7,
                           .udp_port = 47810,
                           .host_key = {1, 2, 3},
                           .client_key = {4, 5, 6},
                           .encoder = "x264",
                           .converter = "cpu",
                           .renderer = "llvmpipe",
                           .why = "no other"};
    struct gs_welcome out = {0};
    char *json = gs_welcome_to_json(&w);

    (void)state;
    assert_int_equal(gs_welcome_from_json(json, strlen(json), &out), 0);
    assert_string_equal(out.session, "s");
    assert_int_equal(out.width, 1280);
    assert_int_equal(out.height, 720);
    assert_int_equal(out.fps, 60);
    assert_true(out.ssrc == UINT32_MAX);
    assert_int_equal(out.client_ssrc, 7);
    assert_int_equal(out.udp_port, 47810);
    assert_memory_equal(out.host_key, w.host_key, sizeof(w.host_key));
    assert_memory_equal(out.client_key, w.client_key, sizeof(w.client_key));
    assert_string_equal(out.encoder, "x264");
    assert_string_equal(out.converter, "cpu");
    assert_string_equal(out.renderer, "llvmpipe");
    assert_string_equal(out.why, "no other");
    json[strlen(json) / 2] = '\x01';
    assert_int_equal(gs_welcome_from_json(json, strlen(json), &out), -EBADMSG);
    free(json);
}

static void test_bye_cuts_and_cleans(void **state)
{
    struct gs_bye b = {.reason = "two\nlines \xff", .status = 3};
    struct gs_bye out;
    char *json = gs_bye_to_json(&b);
    char longer[700];
    size_t n;

    (void)state;
    assert_int_equal(gs_bye_from_json(json, strlen(json), &out), 0);
    assert_string_equal(out.reason, "two lines \xef\xbf\xbd");
    assert_int_equal(out.status, 3);
    free(json);

    /* 254 letters and then umlauts: the cut may not split one. */
    n = (size_t)sprintf(longer, "{\"status\":0,\"reason\":\"%0254d", 0);
    for (int i = 0; i < 100; i++)
        n += (size_t)sprintf(longer + n, "\xc3\xbc");
    n += (size_t)sprintf(longer + n, "\"}");
    assert_int_equal(gs_bye_from_json(longer, n, &out), 0);
    assert_int_equal(strlen(out.reason), 254);
}

static void test_video_roundtrip(void **state)
{
    struct gs_video v = {1281, 721}, out = {0};
    uint8_t wire[GS_VIDEO_SIZE + 1] = {0};

    (void)state;
    gs_video_write(&v, wire);
    assert_int_equal(gs_video_read(wire, GS_VIDEO_SIZE, &out), 0);
    assert_int_equal(out.width, 1281);
    assert_int_equal(out.height, 721);
    assert_int_equal(gs_video_read(wire, GS_VIDEO_SIZE - 1, &out), -EBADMSG);
    assert_int_equal(gs_video_read(wire, GS_VIDEO_SIZE + 1, &out), -EBADMSG);
    gs_video_write(&(struct gs_video){63, 64}, wire);
    assert_int_equal(gs_video_read(wire, GS_VIDEO_SIZE, &out), -EBADMSG);
    gs_video_write(&(struct gs_video){64, 8193}, wire);
    assert_int_equal(gs_video_read(wire, GS_VIDEO_SIZE, &out), -EBADMSG);
    assert_int_equal(out.width, 1281);
}

static void test_report_roundtrip(void **state)
{
    const struct gs_client_report r = {1, 2, 3, 4, 5, 6, 7, UINT32_MAX};
    struct gs_client_report out = {0};
    uint8_t wire[GS_REPORT_SIZE + 4] = {0};

    (void)state;
    gs_client_report_write(&r, wire);
    assert_int_equal(gs_client_report_read(wire, sizeof(wire), &out), 0);
    assert_memory_equal(&out, &r, sizeof(r));
    memset(&out, 0, sizeof(out));
    assert_int_equal(gs_client_report_read(wire, GS_REPORT_SIZE - 1, &out), -EBADMSG);
    assert_int_equal(out.rtt_us, 0);
}

static void test_session_name_valid_cases(void **state)
{
    char name[80];

    (void)state;
    assert_true(gs_session_name_valid("a"));
    assert_true(gs_session_name_valid("9_a-b.c"));
    assert_false(gs_session_name_valid(""));
    assert_false(gs_session_name_valid("."));
    assert_false(gs_session_name_valid("-a"));
    assert_false(gs_session_name_valid("a/b"));
    assert_false(gs_session_name_valid("a b"));
    memset(name, 'a', sizeof(name));
    name[63] = '\0';
    assert_true(gs_session_name_valid(name));
    name[63] = 'a';
    name[64] = '\0';
    assert_false(gs_session_name_valid(name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_input_read_accepts),
        cmocka_unit_test(test_input_read_refuses),
        cmocka_unit_test(test_cursor_roundtrip),
        cmocka_unit_test(test_cursor_read_refuses),
        cmocka_unit_test(test_hello_roundtrip),
        cmocka_unit_test(test_hello_from_json_cases),
        cmocka_unit_test(test_welcome_roundtrip),
        cmocka_unit_test(test_bye_cuts_and_cleans),
        cmocka_unit_test(test_video_roundtrip),
        cmocka_unit_test(test_report_roundtrip),
        cmocka_unit_test(test_session_name_valid_cases),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
