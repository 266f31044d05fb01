/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/check.h"
#include "common/log.h"

static void test_json_round_trip(void **state)
{
    struct gs_check c, back;
    char *json;

    (void)state;
    gs_check_set(&c, "gpu.nodes", "nodes", GS_CHECK_WARN, "%d of \"%s\"\n\xff", 2, "them");
    gs_check_set_remedy(&c, "do %s", "it");
    strcpy(c.value, "v");
    json = gs_check_to_json(&c);
    assert_null(strchr(json, '\n'));
    assert_int_equal(gs_check_from_json(json, strlen(json), &back), 0);
    assert_string_equal(back.id, "gpu.nodes");
    assert_string_equal(back.title, "nodes");
    assert_int_equal(back.status, GS_CHECK_WARN);
    assert_string_equal(back.detail, "2 of \"them\" \xef\xbf\xbd");
    assert_string_equal(back.remedy, "do it");
    assert_string_equal(back.value, "v");
    free(json);
}

static void refuse(const char *json)
{
    struct gs_check c = {.id = "untouched"};

    if (gs_check_from_json(json, strlen(json), &c) != -EBADMSG)
        fail_msg("accepted: %s", json);
    assert_string_equal(c.id, "untouched");
}

static void test_json_refusals(void **state)
{
    (void)state;
    refuse("");
    refuse("[]");
    refuse("{\"id\":\"a\",\"title\":\"b\",\"status\":\"ok\"}");
    refuse("{\"id\":\"\",\"title\":\"b\",\"status\":\"ok\",\"detail\":\"d\"}");
    refuse("{\"id\":\"a\",\"title\":\"b\",\"status\":\"good\",\"detail\":\"d\"}");
    refuse("{\"id\":\"a\",\"title\":\"b\",\"status\":1,\"detail\":\"d\"}");
    refuse("{\"id\":7,\"title\":\"b\",\"status\":\"ok\",\"detail\":\"d\"}");
}

static void test_json_cuts_between_characters(void **state)
{
    struct gs_check c, back;
    char *json;

    (void)state;
    gs_check_set(&c, "a", "b", GS_CHECK_OK, "d");
    json = g_strdup_printf("{\"id\":\"a\",\"status\":\"ok\",\"detail\":\"d\",\"title\":\"%s\"}",
                           "ääääääääääääääääääääääääääääää");
    assert_int_equal(gs_check_from_json(json, strlen(json), &back), 0);
    assert_int_equal(strlen(back.title), 30);
    assert_true(g_utf8_validate(back.title, -1, NULL));
    g_free(json);
}

/* ---- trials ---- */

static bool works(void *user)
{
    struct gs_check c;

    gs_check_set(&c, "t", "t", GS_CHECK_OK, "%s", (const char *)user);
    gs_check_say(&c);
    return true;
}

static bool refuses(void *user)
{
    struct gs_check c;
    g_autofree char *words = NULL;

    (void)user;
    gs_log_init("gs-try", NULL);
    gs_warn("first");
    gs_warn("the reason: it is so");
    words = gs_check_last_words();
    gs_check_set(&c, "t", "t", GS_CHECK_INFO, "%s", words);
    gs_check_say(&c);
    return false;
}

static bool crashes(void *user)
{
    (void)user;
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    fputs("driver: assertion failed\n", stderr);
    raise(SIGKILL);
    return true;
}

static bool hangs(void *user)
{
    (void)user;
    while (pause() < 0)
        continue;
    return true;
}

static bool leaves(void *user)
{
    (void)user;
    _exit(3);
}

/* Runs a trial; *ret: what it said last. */
static bool try(bool (*run)(void *), unsigned timeout_ms, struct gs_check *ret)
{
    const struct gs_check_trial trial = {.id = "t.x",
                                         .title = "trial",
                                         .if_dead = GS_CHECK_WARN,
                                         .if_dead_remedy = "mend it",
                                         .run = run,
                                         .user = "all is well",
                                         .timeout_ms = timeout_ms};
    int before = dup(STDOUT_FILENO), pipe_fd[2];
    char line[4096];
    ssize_t n;
    bool ok;

    fflush(stdout);
    assert_int_equal(pipe2(pipe_fd, O_CLOEXEC), 0);
    dup2(pipe_fd[1], STDOUT_FILENO);
    ok = gs_check_try(&trial);
    dup2(before, STDOUT_FILENO);
    close(before);
    close(pipe_fd[1]);
    n = read(pipe_fd[0], line, sizeof(line));
    close(pipe_fd[0]);
    assert_true(n > 0 && line[n - 1] == '\n');
    assert_int_equal(gs_check_from_json(line, (size_t)n - 1, ret), 0);
    return ok;
}

static void test_try(void **state)
{
    struct gs_check c;

    (void)state;
    assert_true(try(works, 20000, &c));
    assert_string_equal(c.detail, "all is well");
    assert_false(try(refuses, 20000, &c));
    assert_int_equal(c.status, GS_CHECK_INFO);
    assert_string_equal(c.detail, "the reason: it is so");
}

static void test_try_deaths(void **state)
{
    struct gs_check c;

    (void)state;
    assert_false(try(crashes, 20000, &c));
    assert_string_equal(c.id, "t.x");
    assert_int_equal(c.status, GS_CHECK_WARN);
    assert_non_null(strstr(c.detail, "crashed (SIGKILL)"));
    assert_non_null(strstr(c.detail, "driver: assertion failed"));
    assert_string_equal(c.remedy, "mend it");
    assert_false(try(hangs, 100, &c));
    assert_non_null(strstr(c.detail, "hung"));
    assert_false(try(leaves, 20000, &c));
    assert_non_null(strstr(c.detail, "ended with status 3"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_round_trip),
        cmocka_unit_test(test_json_refusals),
        cmocka_unit_test(test_json_cuts_between_characters),
        cmocka_unit_test(test_try),
        cmocka_unit_test(test_try_deaths),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
