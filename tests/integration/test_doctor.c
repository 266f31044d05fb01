/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `gpushare-host doctor` on this machine as it is, and with things that are missing or broken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <jansson.h>
#include <pty.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/proto.h"
#include "tests/support/process.h"
#include "tests/support/session_run.h"

#define LIMIT_MS 200000

static char *dir; /* of this test, and the XDG_RUNTIME_DIR of the doctor */

struct result {
    int status;
    char *out;
    json_t *json; /* NULL where it was not asked for */
};

static int setup(void **state)
{
    (void)state;
    dir = g_dir_make_tmp("gs-doctor-XXXXXX", NULL);
    return dir ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    gs_process_remove_dir(dir);
    g_free(dir);
    return 0;
}

static void finish(struct result *r)
{
    json_decref(r->json);
    g_free(r->out);
}

/* more: of the environment; NULL-terminated or NULL. */
static struct result doctor(const char *option, const char *const *more)
{
    g_autofree char *host = gs_program_path("gpushare-host");
    g_autofree char *runtime = g_strconcat("XDG_RUNTIME_DIR=", dir, NULL);
    const char *const argv[] = {host, "doctor", option, NULL};
    g_autoptr(GPtrArray) env = g_ptr_array_new();
    g_autoptr(GString) out = g_string_new(NULL);
    struct gs_process p;
    struct result r = {0};
    char *line;

    g_ptr_array_add(env, runtime);
    for (; more && *more; more++)
        g_ptr_array_add(env, (gpointer)*more);
    g_ptr_array_add(env, NULL);
    assert_int_equal(gs_process_start(argv, (const char *const *)env->pdata, &p), 0);
    while ((line = gs_process_read_line(&p, LIMIT_MS))) {
        g_string_append_printf(out, "%s\n", line);
        g_free(line);
    }
    r.status = gs_process_wait(&p, LIMIT_MS);
    gs_process_finish(&p);
    r.out = g_string_free(g_steal_pointer(&out), FALSE);
    if (g_strcmp0(option, "--json") == 0) {
        r.json = json_loads(r.out, 0, NULL);
        if (!r.json)
            fail_msg("not JSON: %s", r.out);
    }
    return r;
}

static const json_t *find(const struct result *r, const char *id)
{
    json_t *checks = json_object_get(r->json, "checks"), *c;
    size_t i;

    json_array_foreach (checks, i, c) {
        if (strcmp(json_string_value(json_object_get(c, "id")), id) == 0)
            return c;
    }
    return NULL;
}

static const char *text(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));

    return s ? s : "";
}

static void assert_check(const struct result *r, const char *id, const char *status,
                         const char *detail, const char *remedy)
{
    const json_t *c = find(r, id);

    if (!c)
        fail_msg("no check %s in %s", id, r->out);
    if (strcmp(text(c, "status"), status) != 0 || !strstr(text(c, "detail"), detail) ||
        !strstr(text(c, "remedy"), remedy))
        fail_msg("%s is %s, says '%s', advises '%s'", id, text(c, "status"), text(c, "detail"),
                 text(c, "remedy"));
}

/* The shape that the manual page promises. */
static void assert_shape(const struct result *r)
{
    static const char *const statuses[] = {"ok", "info", "warn", "fail", NULL};
    static const char *const keys[] = {"id", "title", "status", "detail", "remedy", "value", NULL};
    json_t *checks = json_object_get(r->json, "checks"), *c, *v;
    json_t *summary = json_object_get(r->json, "summary");
    int counts[4] = {0};
    const char *key;
    size_t i;

    assert_int_equal(json_integer_value(json_object_get(r->json, "v")), 1);
    assert_true(json_is_array(checks) && json_array_size(checks) > 0);
    json_array_foreach (checks, i, c) {
        int s = 0;

        while (statuses[s] && strcmp(text(c, "status"), statuses[s]) != 0)
            s++;
        assert_non_null(statuses[s]);
        counts[s]++;
        assert_true(text(c, "id")[0] && text(c, "title")[0] && text(c, "detail")[0]);
        assert_ptr_equal(find(r, text(c, "id")), c);
        json_object_foreach (c, key, v)
            assert_true(g_strv_contains(keys, key));
        /* Whatever is not well says what to do. */
        if (s == 3 && !text(c, "remedy")[0])
            fail_msg("%s has no remedy", text(c, "id"));
    }
    assert_int_equal(json_is_true(json_object_get(summary, "can_run")), counts[3] == 0);
    assert_int_equal(json_integer_value(json_object_get(summary, "warnings")), counts[2]);
    assert_int_equal(json_integer_value(json_object_get(summary, "failures")), counts[3]);
    assert_true(text(summary, "text")[0]);
    assert_int_equal(r->status, counts[3] ? 1 : 0);
}

static void test_json_here(void **state)
{
    static const char *const ids[] = {
        "program.session", "program.client",  "system.kernel",    "system.processors",
        "system.memory",   "system.files",    "system.priority",  "system.shm",
        "system.disk",     "network.tcp",     "network.udp",      "network.buffers",
        "network.gso",     "network.tls",     "network.address",  "gpu.nodes",
        "gpu.renderer",    "gpu.dmabuf",      "converter.cpu",    "converter.gl",
        "system.sandbox",  "converter",       "encoder.x264",     "encoder",
        "desktop.keymap",  "desktop.wayland", "desktop.xwayland", "decoder.software",
        "decoder",         "scheduler.meter",
    };
    struct result r = doctor("--json", NULL);
    json_t *summary = json_object_get(r.json, "summary");

    (void)state;
    assert_shape(&r);
    for (size_t i = 0; i < GS_ARRAY_SIZE(ids); i++)
        if (!find(&r, ids[i]))
            fail_msg("no check %s", ids[i]);
    assert_check(&r, "system.runtime_dir", "ok", dir, "");
    assert_check(&r, "desktop.wayland", "ok", "starts", "");
    assert_check(&r, "encoder.x264", "ok", "a decoder gives it back", "");
    assert_check(&r, "converter.cpu", "ok", " ms ", "");
    assert_int_equal(r.status, 0);
    assert_true(text(summary, "encoder")[0] && text(summary, "converter")[0]);
    assert_true(text(summary, "decoder")[0] && text(summary, "renderer")[0]);
    if (strstr(text(summary, "renderer"), "llvmpipe"))
        assert_check(&r, "gpu.renderer", "warn", "programs render on the processor", "slow for 3D");
    if (g_access("/dev/dri", F_OK) != 0)
        assert_check(&r, "scheduler.meter", "ok", "software: cpu (processor time of its ", "");
    /* It cleans up behind itself. */
    assert_int_equal(gs_process_count_files(dir), 0);
    finish(&r);
}

/* Without a terminal: no colours, no progress, columns in line. */
static void test_text_here(void **state)
{
    struct result r = doctor(NULL, NULL);
    g_auto(GStrv) lines = g_strsplit(r.out, "\n", -1);
    unsigned checks = 0;

    (void)state;
    assert_int_equal(r.status, 0);
    assert_null(strchr(r.out, '\033'));
    assert_null(strchr(r.out, '\r'));
    assert_non_null(strstr(r.out, "\nA session here will use: encoder "));
    for (char **line = lines; *line; line++) {
        if (!g_str_has_prefix(*line, "  ") || g_str_has_prefix(*line, "     "))
            continue;
        checks++;
        assert_true(strlen(*line) > 28 && (*line)[27] == ' ' && (*line)[28] != ' ');
    }
    assert_true(checks > 20);
    finish(&r);
}

/* On a terminal of its own; the whole output, for g_free. */
static char *doctor_on_terminal(const char *no_color)
{
    g_autofree char *host = gs_program_path("gpushare-host");
    const struct winsize size = {.ws_row = 24, .ws_col = 70};
    GString *out = g_string_new(NULL);
    char chunk[1024];
    int fd, status;
    pid_t pid = forkpty(&fd, NULL, NULL, &size);
    ssize_t n;

    assert_true(pid >= 0);
    if (pid == 0) {
        setenv("TERM", "xterm", 1);
        setenv("NO_COLOR", no_color, 1);
        setenv("XDG_RUNTIME_DIR", dir, 1);
        execl(host, host, "doctor", NULL);
        _exit(127);
    }
    while ((n = read(fd, chunk, sizeof(chunk))) > 0)
        g_string_append_len(out, chunk, n);
    close(fd);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return g_string_free(out, FALSE);
}

static void test_terminal(void **state)
{
    g_autofree char *colours = doctor_on_terminal("");
    g_autofree char *plain = doctor_on_terminal("1");
    g_auto(GStrv) lines = g_strsplit(plain, "\n", -1);

    (void)state;
    assert_non_null(strstr(colours, "\033[32mok"));
    assert_null(strstr(plain, "\033[3"));
    assert_non_null(strstr(plain, "trying GPU"));
    for (char **line = lines; *line; line++) {
        const char *shown = strrchr(*line, 'K'); /* what came before is wiped out */
        const char *from = strstr(*line, "\033[K") && shown ? shown + 1 : *line;

        /* A word that is too long for a line has one of its own. */
        if (g_utf8_strlen(from, -1) > 71 && strchr(from + 28, ' '))
            fail_msg("longer than the terminal is wide: %s", from);
    }
}

/* ---- what is missing ---- */

static void test_without_worker(void **state)
{
    struct result r =
        doctor("--json", (const char *const[]){"GPUSHARE_SESSION=/nonexistent/worker", NULL});

    (void)state;
    assert_shape(&r);
    assert_check(&r, "program.session", "fail", "/nonexistent/worker", "GPUSHARE_SESSION");
    assert_null(find(&r, "encoder"));
    finish(&r);
}

/* The worker is this shell script. */
static struct result with_worker(const char *option, const char *script)
{
    g_autofree char *path = g_build_filename(dir, "worker", NULL);
    g_autofree char *text_of_it = g_strdup_printf("#!/bin/sh\n%s\n", script);
    g_autofree char *env = g_strconcat("GPUSHARE_SESSION=", path, NULL);

    assert_true(g_file_set_contents(path, text_of_it, -1, NULL));
    assert_int_equal(g_chmod(path, 0700), 0);
    return doctor(option, (const char *const[]){env, NULL});
}

static void assert_worker(const char *script, const char *detail)
{
    struct result r = with_worker("--json", script);

    assert_shape(&r);
    assert_check(&r, "program.session_ran", "fail", detail, "--doctor");
    assert_int_equal(r.status, 1);
    finish(&r);
}

#define A_CHECK "{\"id\":\"encoder\",\"title\":\"t\",\"status\":\"ok\",\"detail\":\"d\"}"

static void test_broken_worker(void **state)
{
    struct result r;

    (void)state;
    assert_worker("echo '" A_CHECK "'; kill -9 $$", "crashed (SIGKILL)");
    assert_worker("echo some driver failed >&2; exit 7", "status 7; its last words: some driver");
    assert_worker("echo nonsense; sleep 1000", "cannot be understood");
    assert_worker("head -c 100000 /dev/zero", "cannot be understood");
    r = with_worker("--json", "true");
    assert_shape(&r);
    assert_check(&r, "program.session_ran", "fail", "which encoder", "");
    finish(&r);
}

static void test_hanging_worker(void **state)
{
    struct result r = with_worker("--timeout=3", "echo '" A_CHECK "'; exec sleep 1000");

    (void)state;
    assert_int_equal(r.status, 1);
    assert_non_null(strstr(r.out, "hung for 3 s"));
    assert_non_null(strstr(r.out, "\nNo session can run here: "));
    finish(&r);
}

static void test_without_xwayland(void **state)
{
    struct result r = doctor("--json", (const char *const[]){"WLR_XWAYLAND=/nonexistent/X", NULL});

    (void)state;
    assert_shape(&r);
    assert_check(&r, "desktop.xwayland", "warn", "need X11", "apt install xwayland");
    assert_int_equal(r.status, 0);
    finish(&r);
}

static void test_without_sandbox(void **state)
{
    g_autofree char *empty = g_dir_make_tmp("gs-path-XXXXXX", NULL);
    g_autofree char *path = g_strconcat("PATH=", empty, NULL);
    struct result r = doctor("--json", (const char *const[]){path, NULL});

    (void)state;
    assert_shape(&r);
    assert_check(&r, "system.sandbox", "warn", "sandbox=none", "apt install bubblewrap");
    finish(&r);
    g_rmdir(empty);
}

/* The folder of all sessions is there, and open to others. */
static void test_runtime_dir_not_ours_alone(void **state)
{
    g_autofree char *base = g_build_filename(dir, "gpushare", NULL);
    struct result r;

    (void)state;
    assert_int_equal(g_mkdir(base, 0755), 0);
    r = doctor("--json", NULL);
    assert_shape(&r);
    assert_check(&r, "system.runtime_dir", "fail", "0700", "XDG_RUNTIME_DIR");
    assert_int_equal(r.status, 1);
    finish(&r);
}

static void test_runtime_dir_missing(void **state)
{
    struct result r =
        doctor("--json", (const char *const[]){"XDG_RUNTIME_DIR=/nonexistent/dir", NULL});

    (void)state;
    assert_shape(&r);
    assert_check(&r, "system.runtime_dir", "warn", "/nonexistent/dir", "0700");
    finish(&r);
}

/* In a network of its own, whose ports are all ours. Never returns. */
static void take_ports_and_become(const char *host, const char *out)
{
    for (unsigned port = GS_PROTO_PORT; port <= GS_PROTO_UDP_LAST; port++) {
        bool tcp = port < GS_PROTO_UDP_FIRST;
        struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
        int fd = socket(AF_INET6, tcp ? SOCK_STREAM : SOCK_DGRAM, 0);

        if (bind(fd, (struct sockaddr *)&any, sizeof(any)) < 0 || (tcp && listen(fd, 1) < 0))
            _exit(98);
    }
    setenv("XDG_RUNTIME_DIR", dir, 1);
    if (!freopen(out, "w", stdout))
        _exit(98);
    execl(host, host, "doctor", "--json", NULL);
    _exit(98);
}

static void test_ports_taken(void **state)
{
    g_autofree char *host = gs_program_path("gpushare-host");
    g_autofree char *out = g_build_filename(dir, "out", NULL);
    struct result r = {0};
    int status;
    pid_t pid = fork();

    (void)state;
    if (pid == 0) {
        if (unshare(CLONE_NEWNET) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
            _exit(77);
        take_ports_and_become(host, out);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
        print_message("no network namespaces here\n");
        skip();
    }
    assert_true(g_file_get_contents(out, &r.out, NULL, NULL));
    r.status = WEXITSTATUS(status);
    r.json = json_loads(r.out, 0, NULL);
    assert_non_null(r.json);
    assert_shape(&r);
    assert_check(&r, "network.tcp", "fail", "47800 to 47809", "--port");
    assert_check(&r, "network.udp", "fail", "0 of 190", "--udp-ports");
    finish(&r);
}

static void test_usage(void **state)
{
    struct result r = doctor("--timeout=0", NULL);

    (void)state;
    assert_int_equal(r.status, 2);
    finish(&r);
    r = doctor("something", NULL);
    assert_int_equal(r.status, 2);
    finish(&r);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_json_here),
        TEST(test_text_here),
        TEST(test_terminal),
        TEST(test_without_worker),
        TEST(test_broken_worker),
        TEST(test_hanging_worker),
        TEST(test_without_xwayland),
        TEST(test_without_sandbox),
        TEST(test_runtime_dir_not_ours_alone),
        TEST(test_runtime_dir_missing),
        TEST(test_ports_taken),
        TEST(test_usage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
