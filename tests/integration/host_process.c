/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/integration/host_process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 20000
#define POLL_US 2000

static char *bin(const char *name)
{
    return g_build_filename(g_getenv("GS_BIN_DIR"), name, NULL);
}

static char **make_argv(struct host_process *h, const char *options)
{
    g_autofree char *host = bin("gpushare-host");
    g_auto(GStrv) parts = g_strsplit(options, "{pids}", -1);
    g_autofree char *filled = g_strjoinv(h->pid_file, parts);
    g_autofree char *line = g_strconcat(host, " ", filled, NULL);

    return g_strsplit(line, " ", -1);
}

/* Orphans of the host come to us, so that host_process_finish sees them. */
static void become_subreaper(void)
{
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
}

void host_process_start(struct host_process *h, const char *options)
{
    g_autofree char *worker = bin("gs-fake-worker");
    g_auto(GStrv) argv = NULL;
    g_auto(GStrv) env = g_get_environ();
    int out, err;

    become_subreaper();
    *h = (struct host_process){.dir = g_dir_make_tmp("gs-host-XXXXXX", NULL)};
    h->pid_file = g_build_filename(h->dir, "pids", NULL);
    h->out = g_build_filename(h->dir, "out", NULL);
    h->err = g_build_filename(h->dir, "err", NULL);
    argv = make_argv(h, options);
    env = g_environ_setenv(env, "GPUSHARE_SESSION", worker, TRUE);
    env = g_environ_setenv(env, "XDG_RUNTIME_DIR", h->dir, TRUE);
    out = open(h->out, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    err = open(h->err, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(g_spawn_async_with_pipes_and_fds(
        NULL, (const char *const *)argv, (const char *const *)env, G_SPAWN_DO_NOT_REAP_CHILD, NULL,
        NULL, -1, out, err, NULL, NULL, 0, &h->pid, NULL, NULL, NULL, NULL));
    close(out);
    close(err);
}

char *host_process_read(const char *path)
{
    char *text = NULL;

    return g_file_get_contents(path, &text, NULL, NULL) ? text : g_strdup("");
}

static bool ended(struct host_process *h)
{
    siginfo_t info = {0};

    return waitid(P_PID, (id_t)h->pid, &info, WEXITED | WNOWAIT | WNOHANG) == 0 &&
           info.si_pid == h->pid;
}

void host_process_wait_ready(struct host_process *h)
{
    gint64 until = g_get_monotonic_time() + PATIENCE_MS * 1000;
    const char *why;

    for (;;) {
        g_autofree char *text = host_process_read(h->out);
        char *end = strchr(text, '\n');

        if (end) {
            *end = '\0';
            assert_true(g_str_has_prefix(text, "connect: "));
            assert_int_equal(gs_url_parse(text + strlen("connect: "), &h->url, &why), 0);
            return;
        }
        if (ended(h) || g_get_monotonic_time() > until) {
            g_autofree char *err = host_process_read(h->err);

            fail_msg("the host printed no connect line; it said: %s", err);
        }
        g_usleep(POLL_US);
    }
}

int host_process_wait(struct host_process *h)
{
    gint64 until = g_get_monotonic_time() + PATIENCE_MS * 1000;
    int status;

    while (!ended(h) && g_get_monotonic_time() < until)
        g_usleep(POLL_US);
    if (!ended(h)) {
        kill(h->pid, SIGKILL);
        waitpid(h->pid, NULL, 0);
        fail_msg("the host did not end");
    }
    assert_int_equal(waitpid(h->pid, &status, 0), h->pid);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void host_process_finish(struct host_process *h)
{
    g_autofree char *base = g_build_filename(h->dir, "gpushare", NULL);

    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    if (g_rmdir(base) < 0)
        assert_int_equal(errno, ENOENT);
    g_remove(h->pid_file);
    g_remove(h->out);
    g_remove(h->err);
    assert_int_equal(g_rmdir(h->dir), 0);
    g_free(h->dir);
    g_free(h->pid_file);
    g_free(h->out);
    g_free(h->err);
}
