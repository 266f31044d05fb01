/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/doctor_child.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"

#define LINE_MAX_SIZE 16384
#define LAST_STATUS 1 /* 0 and 1 are its verdict, others are not ours */
#define WORDS_MAX 300

struct reading {
    const struct gs_doctor_child *child;
    pid_t pid;
    int out, words; /* its stdout, and a file with its stderr */
    uint64_t deadline;
    GByteArray *line; /* what is no whole line yet */
    bool babbled;
};

_Noreturn static void be_the_child(const struct gs_doctor_child *child, int out, int words)
{
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    dup2(null, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(words, STDERR_FILENO);
    if (child->program) {
        execl(child->program, child->program, "--doctor", NULL);
        dprintf(STDERR_FILENO, "%s: %s\n", child->program, g_strerror(errno));
        _exit(127);
    }
    child->run();
    _exit(0);
}

static int start(struct reading *r)
{
    int out[2];

    if (pipe2(out, O_CLOEXEC) < 0)
        return -errno;
    r->words = memfd_create("stderr", MFD_CLOEXEC);
    fflush(stdout);
    r->pid = r->words < 0 ? -1 : fork();
    if (r->pid == 0)
        be_the_child(r->child, out[1], r->words);
    close(out[1]);
    r->out = out[0];
    return r->pid < 0 ? -errno : 0;
}

static int left_ms(const struct reading *r)
{
    uint64_t now = gs_now_ns();

    return now < r->deadline ? (int)((r->deadline - now) / GS_NS_PER_MS) + 1 : 0;
}

static void take_line(struct reading *r)
{
    struct gs_check check;

    if (gs_check_from_json((const char *)r->line->data, r->line->len, &check) == 0)
        r->child->check(r->child->user, &check);
    else
        r->babbled = true;
    g_byte_array_set_size(r->line, 0);
}

static void take(struct reading *r, const char *data, size_t size)
{
    for (size_t i = 0; i < size && !r->babbled; i++) {
        if (data[i] == '\n')
            take_line(r);
        else
            g_byte_array_append(r->line, (const guint8 *)data + i, 1);
        r->babbled |= r->line->len > LINE_MAX_SIZE;
    }
}

/* Until its stdout ends, the time is up, or it says what makes no sense. */
static void listen_to(struct reading *r)
{
    struct pollfd fd = {.fd = r->out, .events = POLLIN};
    char data[4096];

    while (!r->babbled && poll(&fd, 1, left_ms(r)) > 0) {
        ssize_t n = read(r->out, data, sizeof(data));

        if (n == 0)
            return;
        take(r, data, n > 0 ? (size_t)n : 0);
    }
}

/* Whether it ended by itself; what then still runs is killed. */
static bool await(struct reading *r, int *ret_status)
{
    struct pollfd fd = {.fd = pidfd_open(r->pid, 0), .events = POLLIN};
    bool ended = !r->babbled && fd.fd >= 0 && poll(&fd, 1, left_ms(r)) > 0;

    if (!ended)
        kill(r->pid, SIGKILL);
    if (fd.fd >= 0)
        close(fd.fd);
    while (waitpid(r->pid, ret_status, 0) < 0 && errno == EINTR)
        continue;
    return ended;
}

static char *describe_end(const struct reading *r, bool ended, int status)
{
    const char *name = WIFSIGNALED(status) ? sigabbrev_np(WTERMSIG(status)) : NULL;

    if (r->babbled)
        return g_strdup("says what cannot be understood; is it of another version?");
    if (!ended)
        return g_strdup_printf("hung for %u s and was ended", r->child->timeout_ms / 1000);
    if (WIFSIGNALED(status))
        return g_strdup_printf("crashed (SIG%s)", name ? name : "RT");
    if (WEXITSTATUS(status) > LAST_STATUS)
        return g_strdup_printf("ended with status %d", WEXITSTATUS(status));
    return NULL;
}

/* Takes what; adds the end of what it said on stderr. */
static char *with_words(char *what, int fd)
{
    char words[WORDS_MAX + 1];
    off_t size = lseek(fd, 0, SEEK_END);
    ssize_t n = pread(fd, words, WORDS_MAX, GS_MAX(size - WORDS_MAX, 0));
    g_autofree char *valid = NULL;
    char *all;

    words[GS_MAX(n, 0)] = '\0';
    valid = g_utf8_make_valid(g_strstrip(words), -1);
    g_strdelimit(valid, "\n\r\t", ' ');
    if (!valid[0])
        return what;
    all = g_strdup_printf("%s; its last words: %s", what, valid);
    g_free(what);
    return all;
}

char *gs_doctor_child_run(const struct gs_doctor_child *child)
{
    struct reading r = {.child = child, .out = -1, .words = -1, .line = g_byte_array_new()};
    int err = start(&r), status = 0;
    char *what;
    bool ended;

    if (err < 0) {
        what = g_strdup_printf("cannot be started: %s", g_strerror(-err));
    } else {
        r.deadline = gs_now_ns() + child->timeout_ms * GS_NS_PER_MS;
        listen_to(&r);
        ended = await(&r, &status);
        what = describe_end(&r, ended, status);
        if (what)
            what = with_words(what, r.words);
    }
    if (r.out >= 0)
        close(r.out);
    if (r.words >= 0)
        close(r.words);
    g_byte_array_unref(r.line);
    return what;
}
