/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gpushare-client when its control connection breaks, while it is away and when it is back; and
 * what it tells the host of how it goes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>
#include <glib/gstdio.h>
#include <jansson.h>
#include <limits.h>
#include <linux/input-event-codes.h>
#include <string.h>

#include "host/door.h"
#include "tests/integration/client_checks.h"
#include "tests/integration/client_program.h"
#include "tests/support/fake_host.h"

static char *dir, *stats, *picture, *script, *cut, *back; /* of the test's files */

static int set_up(void **state)
{
    (void)state;
    dir = g_dir_make_tmp("gs-reconnect-XXXXXX", NULL);
    stats = g_build_filename(dir, "stats.json", NULL);
    picture = g_build_filename(dir, "picture.png", NULL);
    script = g_build_filename(dir, "script", NULL);
    cut = g_build_filename(dir, "cut.png", NULL);
    back = g_build_filename(dir, "back.png", NULL);
    return dir ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    gs_process_remove_dir(dir);
    g_free(dir);
    g_free(stats);
    g_free(picture);
    g_free(script);
    g_free(cut);
    g_free(back);
    return 0;
}

static double number(const char *key)
{
    json_t *json = json_load_file(stats, 0, NULL);
    const json_t *value = json_object_get(json, key);
    double ret = json_number_value(value);

    if (!json_is_number(value))
        fail_msg("%s is no number", key);
    json_decref(json);
    return ret;
}

/* A client that lost its connection once and got it back; the session ends when its pictures went
 * on for a while. */
static void check_returns(struct gs_fake_return how, const char *said)
{
    struct gs_fake_host *host = client_create_host(
        (struct gs_fake_host_params){.drop_after = 40, .bye_after = 100, .back = how});

    client_run(host, ARGS("--headless", "--stats", stats, "--snapshot", picture), 0, said);
    assert_int_equal(gs_fake_host_clients(host), 2);
    client_check_stats(stats);
    client_check_picture(picture, client_unswapped);
    assert_int_equal(number("reconnects"), 1);
    assert_true(number("reconnect_ms") > 0);
    gs_fake_host_destroy(host);
}

/* The same keys and sequence numbers: a receiver that had begun anew would know neither. */
static void test_goes_on(void **state)
{
    (void)state;
    check_returns((struct gs_fake_return){.resume = true, .after = 20}, "the pictures go on");
}

static void test_begins_anew(void **state)
{
    (void)state;
    check_returns((struct gs_fake_return){.after = 20}, "the pictures begin anew");
}

/* As a host does that was just restarted, and does not know the session yet. */
static void test_refused_for_a_while(void **state)
{
    (void)state;
    check_returns((struct gs_fake_return){.resume = true, .refusals = 2, .status = 3},
                  "the pictures go on");
    check_returns((struct gs_fake_return){.resume = true, .refusals = 4, .status = 4},
                  "the pictures go on");
}

static void test_refused(void **state)
{
    struct gs_fake_host *host = client_create_host((struct gs_fake_host_params){
        .drop_after = 20, .back = {.resume = true, .refusals = UINT_MAX, .status = 3}});

    (void)state;
    client_run(host, ARGS("--headless"), 3, "there is no such session");
    assert_int_equal(gs_fake_host_clients(host), 1);
    gs_fake_host_destroy(host);
}

/* Refused or not: “later” is not believed before the time is over. */
static void test_later_and_later(void **state)
{
    struct gs_fake_host *host = client_create_host((struct gs_fake_host_params){
        .drop_after = 20, .back = {.resume = true, .refusals = UINT_MAX, .status = 4}});

    (void)state;
    client_run(host, ARGS("--headless", "--reconnect", "2"), 4,
               "is not reachable any more: the session is being looked for");
    gs_fake_host_destroy(host);
}

static void test_never_comes_back(void **state)
{
    static const char *const limits[] = {"1", "0"};

    (void)state;
    for (size_t i = 0; i < GS_ARRAY_SIZE(limits); i++) {
        struct gs_fake_host *host = client_create_host(
            (struct gs_fake_host_params){.drop_after = 40, .back = {.never = true}});

        client_run(
            host,
            ARGS("--headless", "--reconnect", limits[i], "--stats", stats, "--snapshot", picture),
            4, "the host 127.0.0.1 is not reachable any more");
        client_check_stats(stats);
        client_check_picture(picture, client_unswapped);
        assert_int_equal(number("reconnects"), 0);
        assert_true(number("reconnect_ms") > (i == 0 ? 999 : 0));
        gs_fake_host_destroy(host);
    }
}

/* While the connection was away. The client does not come back to take the session over. */
static void test_stream_ends(void **state)
{
    struct gs_fake_host *host = client_create_host(
        (struct gs_fake_host_params){.drop_after = 20, .back = {.ends = true, .after = 100}});

    (void)state;
    client_run(host, ARGS("--headless"), 0, "another client took it over");
    assert_int_equal(gs_fake_host_clients(host), 1);
    gs_fake_host_destroy(host);
}

static void test_other_certificate(void **state)
{
    struct gs_fake_host *host = client_create_host((struct gs_fake_host_params){
        .drop_after = 20, .back = {.resume = true, .other_certificate = true}});

    (void)state;
    client_run(host, ARGS("--headless"), 4, "has another certificate");
    assert_int_equal(gs_fake_host_clients(host), 1);
    gs_fake_host_destroy(host);
}

/* The connection stands, but nobody answers on it. */
static void test_silent_host(void **state)
{
    struct gs_fake_host *host = client_create_host(
        (struct gs_fake_host_params){.silent = true, .bye_after = 350, .back = {.resume = true}});

    (void)state;
    client_run(host, ARGS("--headless", "--stats", stats), 0, "the pictures go on");
    assert_int_equal(number("reconnects"), 1);
    gs_fake_host_destroy(host);
}

static void test_wait(void **state)
{
    const struct gs_fake_host_params late = {.late = true, .bye_after = 20, .back = {.after = 50}};
    struct gs_fake_host *host = client_create_host(late);

    (void)state;
    client_run(host, ARGS("--headless"), 4, "127.0.0.1, port");
    gs_fake_host_destroy(host);
    host = client_create_host(late);
    client_run(host, ARGS("--headless", "--wait", "20"), 0, "the application ended");
    gs_fake_host_destroy(host);
    host = client_create_host((struct gs_fake_host_params){.refuse = true});
    client_run(host, ARGS("--headless", "--wait", "20"), 3, "the ticket is not valid");
    gs_fake_host_destroy(host);
}

/* ---- input ---- */

/* What the host's keys are in the end, as one that releases everything when a connection ends. */
static void check_nothing_down(const struct gs_fake_host *host)
{
    const GArray *inputs = gs_fake_host_inputs(host);
    bool down[KEY_CNT] = {false};

    for (guint i = 0; i < inputs->len; i++) {
        const struct gs_input *in = &g_array_index(inputs, struct gs_input, i);

        if (in->kind == GS_INPUT_RESET)
            memset(down, 0, sizeof(down));
        else if (in->kind == GS_INPUT_KEY || in->kind == GS_INPUT_BUTTON)
            down[in->code] = in->state;
        assert_true(i == 0 || in->id > g_array_index(inputs, struct gs_input, i - 1).id);
    }
    for (size_t i = 0; i < GS_ARRAY_SIZE(down); i++)
        assert_false(down[i]);
}

/* The connection is cut after the first lines of the script and may come back after the second. */
static void play_away(struct gs_fake_host **ret, const char *before, const char *away,
                      const char *after)
{
    g_autofree char *text = g_strdup_printf("wait-frame\n%ssnapshot %s\n%ssnapshot %s\n%s", before,
                                            cut, away, back, after);

    g_unlink(cut);
    g_unlink(back);
    assert_true(g_file_set_contents(script, text, -1, NULL));
    *ret = client_create_host(
        (struct gs_fake_host_params){.cut_file = cut, .back = {.resume = true, .file = back}});
    client_run(*ret, ARGS("--headless", "--script", script, "--snapshot", picture), 0,
               "the pictures go on");
    assert_int_equal(gs_fake_host_clients(*ret), 2);
    check_nothing_down(*ret);
}

/* The script waits until a picture shows the space bar that was hit while nobody was there. */
static void test_input_is_kept(void **state)
{
    struct gs_fake_host *host;

    (void)state;
    play_away(&host, "key KEY_A\n", "wait 0.25\nkey KEY_SPACE\nmove 20 20\n", "wait-frame\n");
    client_find_input(host, GS_INPUT_KEY, KEY_SPACE, 1);
    client_find_input(host, GS_INPUT_RESET, 0, 0);
    client_check_picture(picture, client_swapped);
    gs_fake_host_destroy(host);
}

/* A key that is let go while nobody is there, and one that was hit long before somebody is. */
static void test_old_input_is_dropped(void **state)
{
    struct gs_fake_host *host;
    const GArray *inputs;
    guint i = 0;

    (void)state;
    play_away(&host, "key KEY_A down\n",
              "wait 1.5\nkey KEY_A up\nkey KEY_SPACE\nkey KEY_D down\nwait 1.5\n",
              "key KEY_F down\nwait-frame\nkey KEY_D up\nkey KEY_F up\n");
    inputs = gs_fake_host_inputs(host);
    /* The cut may have been before the host read the first key. */
    if (g_array_index(inputs, struct gs_input, i).kind != GS_INPUT_RESET)
        assert_int_equal(g_array_index(inputs, struct gs_input, i++).code, KEY_A);
    assert_int_equal(g_array_index(inputs, struct gs_input, i).kind, GS_INPUT_RESET);
    assert_int_equal(g_array_index(inputs, struct gs_input, i + 1).code, KEY_D);
    assert_int_equal(g_array_index(inputs, struct gs_input, i + 2).code, KEY_F);
    client_check_picture(picture, client_unswapped);
    gs_fake_host_destroy(host);
}

/* ---- watching ---- */

static void check_watches(bool by_ticket)
{
    struct gs_fake_host *host =
        client_create_host((struct gs_fake_host_params){.view = by_ticket, .drop_after = 40});

    assert_true(g_file_set_contents(script,
                                    "wait-frame\nkey KEY_SPACE\nmove 5 5\nwait 1\n"
                                    "click\nkey KEY_A down\nwait-frame\n",
                                    -1, NULL));
    client_run(host,
               ARGS("--headless", "--script", script, "--duration", "4", "--snapshot", picture,
                    by_ticket ? NULL : "--view"),
               0, by_ticket ? "this ticket lets watch only" : "the host is back");
    assert_int_equal(gs_fake_host_clients(host), 2);
    assert_int_equal(gs_fake_host_view(host), !by_ticket);
    assert_int_equal(gs_fake_host_inputs(host)->len, 0);
    assert_null(gs_fake_host_keymap(host));
    client_check_picture(picture, client_unswapped);
    gs_fake_host_destroy(host);
}

static void test_view(void **state)
{
    (void)state;
    check_watches(false);
    check_watches(true);
}

/* ---- reports ---- */

static void test_reports(void **state)
{
    struct gs_fake_host *host = client_create_host((struct gs_fake_host_params){.still_after = 60});
    const GArray *reports = gs_fake_host_reports(host);
    uint32_t frames = 0;

    (void)state;
    client_run(host, ARGS("--headless", "--duration", "8", "--stats", stats), 0, NULL);
    assert_true(reports->len >= 2);
    for (guint i = 0; i < reports->len; i++) {
        const struct gs_client_report *r = &g_array_index(reports, struct gs_client_report, i);

        /* The first after the last frame is the last, until there are more. */
        assert_true(i == 0 || r->frames > frames || i + 1 == reports->len);
        assert_true(r->frames >= frames);
        assert_true(r->latency_p50_us <= r->latency_p99_us && r->latency_p99_us < 60000000);
        assert_true((r->latency_p50_us > 0) == (r->frames > frames));
        assert_true(r->rtt_us > 0 && r->rtt_us < 60000000);
        frames = r->frames;
    }
    assert_int_equal(frames, number("frames_decoded"));
    assert_int_equal(g_array_index(reports, struct gs_client_report, reports->len - 1).frames,
                     g_array_index(reports, struct gs_client_report, reports->len - 2).frames);
    gs_fake_host_destroy(host);
}

static void test_no_reports_to_old_hosts(void **state)
{
    struct gs_fake_host *host = client_create_host(
        (struct gs_fake_host_params){.old = true, .drop_after = 60, .bye_after = 120});

    (void)state;
    client_run(host, ARGS("--headless"), 0, "the pictures begin anew");
    assert_int_equal(gs_fake_host_reports(host)->len, 0);
    gs_fake_host_destroy(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_goes_on),
        cmocka_unit_test(test_begins_anew),
        cmocka_unit_test(test_refused_for_a_while),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_later_and_later),
        cmocka_unit_test(test_never_comes_back),
        cmocka_unit_test(test_stream_ends),
        cmocka_unit_test(test_other_certificate),
        cmocka_unit_test(test_silent_host),
        cmocka_unit_test(test_wait),
        cmocka_unit_test(test_input_is_kept),
        cmocka_unit_test(test_old_input_is_dropped),
        cmocka_unit_test(test_view),
        cmocka_unit_test(test_reports),
        cmocka_unit_test(test_no_reports_to_old_hosts),
    };

    gs_door_prepare_tls();
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
