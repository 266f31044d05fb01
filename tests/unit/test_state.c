/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/crash.h"
#include "host/files.h"
#include "host/old_logs.h"
#include "host/state.h"

static char *dir;

static int make_dir(void **state)
{
    (void)state;
    dir = g_dir_make_tmp("gs-state-XXXXXX", NULL);
    return dir ? 0 : -1;
}

static int remove_dir(void **state)
{
    g_autofree char *command = g_strdup_printf("rm -rf '%s'", dir);

    (void)state;
    assert_int_equal(system(command), 0);
    g_clear_pointer(&dir, g_free);
    return 0;
}

static struct gs_state *open_state(void)
{
    g_autofree char *why = NULL;
    struct gs_state *s = NULL;

    assert_int_equal(gs_state_create(dir, &s, &why), 0);
    assert_null(why);
    return s;
}

static struct gs_kept_session example(const char *name)
{
    static char *argv[] = {(char *)"app", (char *)"--title", (char *)"a\nb „c“", NULL};
    static char *env[] = {(char *)"A=1", NULL};
    static struct gs_ticket tickets[2] = {
        {.id = "0badcafe", .view = true, .limited = true, .uses_left = 3, .expires = 99},
        {.id = "12345678", .created = 7}};
    struct gs_host_config c;
    struct gs_kept_session k = {.app = "editor",
                                .user = "somebody",
                                .uid = 1234,
                                .argv = argv,
                                .env = env,
                                .keeper = 4711,
                                .keeper_start = 123456789012,
                                .tickets = tickets,
                                .n_tickets = 2,
                                .created = 1700000000,
                                .restarts = 2,
                                .runtime_dir = "/run/gpushare/sessions/x",
                                .log_dir = "/var/log/gpushare/x",
                                .last_error = "was killed by SIGSEGV"};

    gs_host_config_init(&c);
    k.settings = c.session;
    k.settings.memory_max = UINT64_C(1) << 40;
    k.settings.restart = GS_RESTART_ON_FAILURE;
    g_strlcpy(k.settings.encoder, "x264", sizeof(k.settings.encoder));
    gs_host_config_finish(&c);
    g_strlcpy(k.name, name, sizeof(k.name));
    memset(k.secret_hash, 0xa5, sizeof(k.secret_hash));
    memset(tickets[0].hash, 0x5a, sizeof(tickets[0].hash));
    return k;
}

static void assert_same(const struct gs_kept_session *a, const struct gs_kept_session *b)
{
    g_autofree char *one = gs_kept_session_to_json(a);
    g_autofree char *two = gs_kept_session_to_json(b);

    assert_string_equal(one, two);
}

static void test_json_all_comes_back(void **state)
{
    struct gs_kept_session k = example("one"), back;
    char *json = gs_kept_session_to_json(&k);

    (void)state;
    assert_int_equal(gs_kept_session_from_json(json, strlen(json), &back), 0);
    assert_same(&k, &back);
    assert_string_equal(back.argv[2], k.argv[2]);
    assert_int_equal(back.settings.memory_max, k.settings.memory_max);
    assert_string_equal(back.settings.encoder, "x264");
    assert_memory_equal(back.tickets[0].hash, k.tickets[0].hash, GS_TICKET_HASH_SIZE);
    assert_int_equal(back.keeper_start, k.keeper_start);
    gs_kept_session_finish(&back);
    free(json);
}

/* Of a version that had no floors yet. */
static void test_json_without_shares(void **state)
{
    static const char *const lost[] = {"\"floor_fps\":30,", "\"cap_percent\":40,",
                                       "\"cpu_weight\":7,"};
    struct gs_kept_session k = example("one"), back;
    g_autofree char *text = NULL;
    char *json;

    (void)state;
    k.settings.floor_fps = 30;
    k.settings.cap_percent = 40;
    k.settings.cpu_weight = 7;
    json = gs_kept_session_to_json(&k);
    assert_int_equal(gs_kept_session_from_json(json, strlen(json), &back), 0);
    assert_same(&k, &back);
    assert_int_equal(back.settings.floor_fps, 30);
    assert_int_equal(back.settings.cap_percent, 40);
    assert_int_equal(back.settings.cpu_weight, 7);
    gs_kept_session_finish(&back);
    text = g_strdup(json);
    for (size_t i = 0; i < GS_ARRAY_SIZE(lost); i++) {
        g_auto(GStrv) parts = g_strsplit(text, lost[i], 2);

        assert_int_equal(g_strv_length(parts), 2);
        g_free(text);
        text = g_strjoinv("", parts);
    }
    assert_int_equal(gs_kept_session_from_json(text, strlen(text), &back), 0);
    assert_int_equal(back.settings.floor_fps, 0);
    assert_int_equal(back.settings.cap_percent, 0);
    assert_int_equal(back.settings.cpu_weight, UINT32_MAX);
    gs_kept_session_finish(&back);
    free(json);
}

/* Each of these replacements makes it a file that is not taken. */
static void test_json_bad(void **state)
{
    static const char *const bad[][2] = {
        {"\"v\":1", "\"v\":\"1\""},
        {"\"name\":\"one\"", "\"name\":\"../one\""},
        {"\"uid\":1234", "\"uid\":-1"},
        {"[\"app\",", "[7,"},
        {"\"fps\":60", "\"fps\":0"},
        {"\"width\":1280", "\"width\":1280000"},
        {"\"standard\"", "\"wild\""},
        {"\"pid\":4711", "\"pid\":1e3"},
        {"\"id\":\"0badcafe\"", "\"id\":0"},
        {"/run/gpushare", "run/gpushare"},
        {"\"floor_fps\":0", "\"floor_fps\":-1"},
        {"\"cpu_weight\":4294967295", "\"cpu_weight\":10001"},
    };
    struct gs_kept_session k = example("one"), back;
    char *json = gs_kept_session_to_json(&k);

    (void)state;
    for (size_t i = 0; i < GS_ARRAY_SIZE(bad); i++) {
        g_auto(GStrv) parts = g_strsplit(json, bad[i][0], 2);
        g_autofree char *text = g_strjoinv(bad[i][1], parts);

        assert_int_equal(g_strv_length(parts), 2);
        assert_int_equal(gs_kept_session_from_json(text, strlen(text), &back), -EBADMSG);
    }
    for (size_t n = 0; n < strlen(json); n++)
        assert_int_equal(gs_kept_session_from_json(json, n, &back), -EBADMSG);
    assert_int_equal(gs_kept_session_from_json("{\"v\":2}", 7, &back), -EPROTO);
    free(json);
}

static void test_save_load_remove(void **state)
{
    struct gs_state *s = open_state();
    struct gs_kept_session b = example("b"), a = example("a.json");
    g_autofree char *file = g_build_filename(dir, "sessions", "b.json", NULL);
    g_autoptr(GPtrArray) all = NULL, left = NULL;
    struct stat st;

    (void)state;
    assert_int_equal(gs_state_save(s, &b), 0);
    assert_int_equal(gs_state_save(s, &a), 0);
    b.restarts = 9;
    assert_int_equal(gs_state_save(s, &b), 0);
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    gs_state_destroy(s);
    s = open_state();
    all = gs_state_load(s);
    assert_int_equal(all->len, 2);
    assert_same(g_ptr_array_index(all, 0), &a);
    assert_same(g_ptr_array_index(all, 1), &b);
    gs_state_remove(s, "b");
    gs_state_remove(s, "never-was");
    left = gs_state_load(s);
    assert_int_equal(left->len, 1);
    gs_state_destroy(s);
}

static void put(const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(dir, "sessions", name, NULL);

    assert_true(g_file_set_contents(path, text, -1, NULL));
}

static bool there(const char *name)
{
    g_autofree char *path = g_build_filename(dir, "sessions", name, NULL);

    return g_file_test(path, G_FILE_TEST_EXISTS);
}

/* Whatever lies there, the good ones are read, and the bad ones kept for people to look at. */
static void test_load_beside_rubbish(void **state)
{
    struct gs_state *s = open_state();
    struct gs_kept_session k = example("good");
    g_autofree char *json = gs_kept_session_to_json(&k);
    g_autofree char *link = g_build_filename(dir, "sessions", "link.json", NULL);
    g_autofree char *fifo = g_build_filename(dir, "sessions", "fifo.json", NULL);
    g_autofree char *folder = g_build_filename(dir, "sessions", "folder.json", NULL);
    g_autoptr(GPtrArray) all = NULL;

    (void)state;
    assert_int_equal(gs_state_save(s, &k), 0);
    put("empty.json", "");
    put("half.json", "{\"v\":1,\"name\":\"ha");
    put("future.json", "{\"v\":2}");
    put("other-name.json", json);
    put("note.txt", "something else");
    put(".good.json.tmp", "{");
    assert_int_equal(symlink("/etc/passwd", link), 0);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(mkdir(folder, 0700), 0);
    all = gs_state_load(s);
    assert_int_equal(all->len, 1);
    assert_same(g_ptr_array_index(all, 0), &k);
    assert_true(there("empty.json.bad") && there("half.json.bad") && there("future.json.bad"));
    assert_true(there("other-name.json.bad") && there("fifo.json.bad") && there("folder.json.bad"));
    assert_true(there("note.txt") && !there(".good.json.tmp") && !there("half.json"));
    gs_state_destroy(s);
}

static void test_second_daemon(void **state)
{
    struct gs_state *s = open_state(), *second = NULL;
    g_autofree char *why = NULL;
    g_autofree char *pid = g_strdup_printf("process %d", (int)getpid());

    (void)state;
    assert_int_equal(gs_state_create(dir, &second, &why), -EBUSY);
    assert_non_null(strstr(why, "another daemon"));
    assert_non_null(strstr(why, pid));
    gs_state_destroy(s);
    gs_state_destroy(open_state());
    gs_state_destroy(NULL);
}

/* As on a disk without room for it. The file that was there stays whole. */
static void test_disk_full(void **state)
{
    struct gs_state *s = open_state();
    struct gs_kept_session k = example("one");
    const struct rlimit little = {64, RLIM_INFINITY};
    struct rlimit before;
    g_autoptr(GPtrArray) all = NULL;

    (void)state;
    assert_int_equal(gs_state_save(s, &k), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
    k.restarts = 9;
    assert_int_equal(gs_state_save(s, &k), -EFBIG);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_false(there(".one.json.tmp"));
    all = gs_state_load(s);
    assert_int_equal(all->len, 1);
    assert_int_equal(((struct gs_kept_session *)g_ptr_array_index(all, 0))->restarts, 2);
    gs_state_destroy(s);
}

static void test_folder_in_the_way(void **state)
{
    g_autofree char *path = g_build_filename(dir, "file", NULL);
    g_autofree char *why = NULL;
    struct gs_state *s = NULL;

    (void)state;
    assert_true(g_file_set_contents(path, "x", -1, NULL));
    assert_true(gs_state_create(path, &s, &why) < 0);
    assert_non_null(strstr(why, path));
}

/* ---- crash reports ---- */

static void test_crash_has_the_last_lines(void **state)
{
    g_autofree char *crashes = g_build_filename(dir, "crashes", NULL);
    g_autofree char *log = g_build_filename(dir, "worker.log", NULL);
    g_autoptr(GString) lines = g_string_new(NULL);
    g_autofree char *path = NULL, *text = NULL;
    size_t size;

    (void)state;
    for (int i = 1; i <= 1000; i++)
        g_string_append_printf(lines, "line %d.\n", i);
    assert_true(g_file_set_contents(log, lines->str, -1, NULL));
    assert_int_equal(gs_crash_write(crashes, "one", "somebody", "was killed by SIGSEGV", dir,
                                    1700000000000001, &path),
                     0);
    assert_true(g_str_has_suffix(path, "/one-20231114T221320.000001.txt"));
    assert_int_equal(gs_file_read(path, 1 << 20, &text, &size), 0);
    assert_non_null(strstr(text, "worker was killed by SIGSEGV\n"));
    assert_non_null(strstr(text, "line 961.\n"));
    assert_non_null(strstr(text, "line 1000.\n"));
    assert_null(strstr(text, "line 960.\n"));
    assert_non_null(strstr(text, "(nothing)")); /* of the application */
}

static unsigned count_reports(const char *crashes, const char *prefix)
{
    g_autoptr(GDir) d = g_dir_open(crashes, 0, NULL);
    const char *name;
    unsigned n = 0;

    while ((name = g_dir_read_name(d)))
        n += g_str_has_prefix(name, prefix);
    return n;
}

static void test_crash_old_ones_go(void **state)
{
    g_autofree char *crashes = g_build_filename(dir, "crashes", NULL);
    int64_t now = 1700000000000000;

    (void)state;
    for (int i = 0; i < 15; i++) {
        for (int k = 0; k < 18; k++) {
            g_autofree char *name = g_strdup_printf("s%02d", i);
            g_autofree char *path = NULL;

            assert_int_equal(gs_crash_write(crashes, name, "u", "x", dir, now++, &path), 0);
        }
    }
    assert_int_equal(count_reports(crashes, "s"), GS_CRASHES_MAX);
    assert_int_equal(count_reports(crashes, "s00"), 0);
    assert_int_equal(count_reports(crashes, "s14"), 18);
    for (int k = 0; k < 18; k++) {
        g_autofree char *path = NULL;

        assert_int_equal(gs_crash_write(crashes, "s14", "u", "x", dir, now++, &path), 0);
        assert_true(g_file_test(path, G_FILE_TEST_EXISTS));
    }
    assert_int_equal(count_reports(crashes, "s14"), GS_CRASHES_PER_SESSION);
}

/* ---- old logs ---- */

static bool is_in_use(void *user, const char *path)
{
    return g_str_has_suffix(path, user);
}

static void put_log(const char *user, const char *session, time_t time)
{
    const struct timespec times[2] = {{time, 0}, {time, 0}};
    g_autofree char *folder = g_build_filename(dir, user, session, NULL);
    g_autofree char *log = g_build_filename(folder, "worker.log", NULL);

    assert_int_equal(g_mkdir_with_parents(folder, 0700), 0);
    assert_true(g_file_set_contents(log, "x", -1, NULL));
    assert_int_equal(utimensat(AT_FDCWD, log, times, 0), 0);
    assert_int_equal(utimensat(AT_FDCWD, folder, times, 0), 0);
}

static bool has_log(const char *user, const char *session)
{
    g_autofree char *folder = g_build_filename(dir, user, session, NULL);

    return g_file_test(folder, G_FILE_TEST_EXISTS);
}

static void test_old_logs_go(void **state)
{
    g_autofree char *anna = g_build_filename(dir, "anna", NULL);

    (void)state;
    put_log("anna", "oldest", 1000);
    put_log("bert", "older", 2000);
    put_log("bert", "runs", 100);
    put_log("bert", "newer", 3000);
    put_log("cleo", "newest", 4000);
    assert_int_equal(gs_old_logs_prune(dir, 4, is_in_use, (char *)"/bert/runs"), 0);
    assert_int_equal(gs_old_logs_prune(dir, 2, is_in_use, (char *)"/bert/runs"), 2);
    assert_false(has_log("anna", "oldest") || has_log("bert", "older"));
    assert_true(has_log("bert", "runs") && has_log("bert", "newer") && has_log("cleo", "newest"));
    assert_false(g_file_test(anna, G_FILE_TEST_EXISTS));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_dir, remove_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_json_all_comes_back),
        TEST(test_json_without_shares),
        TEST(test_json_bad),
        TEST(test_save_load_remove),
        TEST(test_load_beside_rubbish),
        TEST(test_second_daemon),
        TEST(test_disk_full),
        TEST(test_folder_in_the_way),
        TEST(test_crash_has_the_last_lines),
        TEST(test_crash_old_ones_go),
        TEST(test_old_logs_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
