/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `session show` says of a session's share. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>
#include <stdlib.h>

#include "host/show_shares.h"

/* Of a session as JSON. */
static void assert_shown(const char *json, const char *wanted)
{
    json_t *session = json_loads(json, 0, NULL);
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(session);
    gs_show_shares(session, out);
    fclose(out);
    assert_string_equal(text, wanted);
    free(text);
    json_decref(session);
}

static void assert_misses(const char *json, const char *wanted)
{
    json_t *scheduler = json_loads(json, 0, NULL);
    g_autofree char *text = gs_show_misses(scheduler, "me");

    assert_string_equal(text, wanted);
    json_decref(scheduler);
}

static void test_nothing_known(void **state)
{
    (void)state;
    assert_shown("{\"share\":\"\",\"scheduler\":null,\"queue\":null}", "");
}

static void test_queued(void **state)
{
    (void)state;
    assert_shown("{\"share\":\"\",\"scheduler\":null,\"queue\":{\"place\":2,\"waited_s\":65,"
                 "\"why\":\"floor 60 needs 31 %\"}}",
                 "queue            place 2, for 1 min 05 s\n"
                 "waits for        floor 60 needs 31 %\n");
}

static void test_all(void **state)
{
    (void)state;
    assert_shown(
        "{\"name\":\"me\",\"share\":\"group cad\",\"settings\":{\"floor\":60},\"scheduler\":{"
        "\"device\":\"software\",\"meter\":\"cpu\",\"connected\":true,\"used_us\":12340000,"
        "\"ms_per_s\":620,\"frames\":3600,\"waits\":1800,\"waited_us\":3600000,\"misses\":12,"
        "\"culprits\":[{\"session\":\"render-farm\",\"misses\":9},{\"session\":\"me\","
        "\"misses\":3}],\"cost_us\":5000,\"cost_p90_us\":5200,\"entitled_permille\":333,"
        "\"asked_permille\":450,\"got_permille\":310,\"floor\":45,\"policed\":false}}",
        "shares with      all sessions of group cad\n"
        "GPU              software, 620 ms/s now, 12.3 s in all, measured by cpu\n"
        "a frame costs    5.0 ms, at most 5.2 ms in nine of ten\n"
        "share            asked for 45.0 %, got 31.0 %, entitled to 33.3 %\n"
        "floor kept       45 of 60 frames/s: more is promised than the GPU can do now\n"
        "waits            1800 of 3600 frames, 2.0 ms each\n"
        "missed           12 frames: 9 by render-farm, 3 its own\n");
}

static void test_trouble(void **state)
{
    (void)state;
    assert_shown(
        "{\"name\":\"me\",\"scheduler\":{\"device\":\"/dev/dri/renderD128\",\"meter\":\"\","
        "\"connected\":false,\"policed\":true,\"liberties\":7,\"floods\":3,"
        "\"nonsense\":1,\"frames\":0}}",
        "GPU              /dev/dri/renderD128, 0 ms/s now, 0.0 s in all, measured by nobody: "
        "the system does not say\n"
        "share            asked for 0.0 %, got 0.0 %, entitled to 0.0 %\n"
        "missed           0 frames\n"
        "policed          yes: it used more than its share without asking, and runs by turns\n"
        "asks             no: its worker is not connected to the scheduler\n"
        "without asking   7 frames\n"
        "its worker       called too often for 3 ms, said nonsense 1 times\n");
}

static void test_misses(void **state)
{
    (void)state;
    assert_misses("{\"misses\":0,\"culprits\":[]}", "0 frames");
    assert_misses("{\"misses\":1,\"culprits\":[{\"session\":\"me\",\"misses\":1}]}",
                  "1 frame: 1 its own");
    assert_misses("{\"misses\":9,\"culprits\":[{\"session\":\"\",\"misses\":5},{\"session\":"
                  "\"me\",\"misses\":3}]}",
                  "9 frames: 5 by somebody else's session, 3 its own, 1 by others");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_known), cmocka_unit_test(test_queued),
        cmocka_unit_test(test_all),           cmocka_unit_test(test_trouble),
        cmocka_unit_test(test_misses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
