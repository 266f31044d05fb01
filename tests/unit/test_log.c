/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/log.h"

/* Lines of the log on stderr, and in a journal that listens in a mount namespace of our own. */

#define JOURNAL "/run/systemd/journal/socket"

static int real_stderr, written = -1; /* where the lines come out */

/* Lines of the log go to a socket, as those of a service do. */
static int setup(void **state)
{
    int pair[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    assert_true(dup2(pair[0], STDERR_FILENO) >= 0);
    close(pair[0]);
    written = pair[1];
    unsetenv("JOURNAL_STREAM");
    unsetenv("GPUSHARE_LOG");
    return 0;
}

static int teardown(void **state)
{
    static const struct gs_log_context none = {
        .program = "test_log", .level = GS_LOG_INFO, .journal = -1};
    struct gs_log_context now;

    (void)state;
    assert_true(dup2(real_stderr, STDERR_FILENO) >= 0);
    close(written);
    gs_log_get_context(&now);
    if (now.journal >= 0)
        close(now.journal);
    gs_log_set_context(&none);
    return 0;
}

/* The next line without its time; "": there is none. */
static const char *line(void)
{
    static char text[4096];
    ssize_t n = recv(written, text, sizeof(text) - 1, MSG_DONTWAIT);

    if (n <= 0)
        return "";
    text[n] = '\0';
    assert_ptr_equal(strchr(text, '\n'), text + n - 1);
    text[n - 1] = '\0';
    assert_true(n > 13);
    return text + 13;
}

/* ---- stderr ---- */

static void test_names(void **state)
{
    (void)state;
    gs_log_init("prog", NULL);
    gs_info("%d of %s", 3, "them");
    assert_string_equal(line(), "info  prog: 3 of them");
    gs_log_session(GS_LOG_WARN, "demo", "anna", "odd");
    assert_string_equal(line(), "warn  prog session=demo user=anna: odd");
    gs_log_session(GS_LOG_WARN, NULL, "", "odd");
    assert_string_equal(line(), "warn  prog: odd");
    gs_log_init("prog", "own");
    gs_log_set_user("bert");
    gs_error("bad");
    assert_string_equal(line(), "error prog session=own user=bert: bad");
    gs_log_session(GS_LOG_INFO, "demo", NULL, "fine");
    assert_string_equal(line(), "info  prog session=demo: fine");
    gs_log_set_user(NULL);
    gs_error("bad");
    assert_string_equal(line(), "error prog session=own: bad");
}

static void test_level(void **state)
{
    (void)state;
    gs_log_init("prog", NULL);
    gs_debug("not this");
    gs_log_session(GS_LOG_DEBUG, "demo", "anna", "nor this");
    assert_string_equal(line(), "");
    setenv("GPUSHARE_LOG", "debug", 1);
    gs_log_init("prog", NULL);
    gs_log_session(GS_LOG_DEBUG, "demo", "anna", "but this");
    assert_string_equal(line(), "debug prog session=demo user=anna: but this");
}

/* What others chose makes no lines of its own. */
static void test_control_characters(void **state)
{
    (void)state;
    gs_log_init("prog", NULL);
    gs_info("client (%s)", "x\n12:00:00.000 error prog: forged\x1b[2J\x7f");
    assert_string_equal(line(), "info  prog: client (x 12:00:00.000 error prog: forged [2J )");
    gs_log_session(GS_LOG_INFO, "a\nb", "c\td", "text");
    assert_string_equal(line(), "info  prog session=a b user=c d: text");
}

static void test_long(void **state)
{
    char text[3000];

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    gs_log_init("prog", NULL);
    gs_info("%s", text);
    assert_in_range(strlen(line()), 900, 1023);
}

/* ---- the journal ---- */

static int listen_as_journal(void)
{
    struct sockaddr_un address = {AF_UNIX, JOURNAL};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void claim_stderr(int add)
{
    struct stat st;
    char text[64];

    assert_int_equal(fstat(STDERR_FILENO, &st), 0);
    snprintf(text, sizeof(text), "%llu:%llu", (unsigned long long)st.st_dev,
             (unsigned long long)st.st_ino + (unsigned)add);
    setenv("JOURNAL_STREAM", text, 1);
}

static size_t entry(int journal, char *out, size_t size)
{
    ssize_t n = recv(journal, out, size - 1, MSG_DONTWAIT);

    if (n < 0)
        return 0;
    out[n] = '\0';
    return (size_t)n;
}

/* Takes the fields apart by the rules of the protocol; those wanted are in their order. */
static void assert_entry(int journal, const char *head, const char *message)
{
    char got[4096];
    size_t size = entry(journal, got, sizeof(got)), at = strlen(head);
    uint64_t length = 0;

    assert_true(size > at + 16);
    assert_memory_equal(got, head, at);
    assert_memory_equal(got + at, "MESSAGE\n", 8);
    at += 8;
    for (int i = 7; i >= 0; i--)
        length = length << 8 | (uint8_t)got[at + (size_t)i];
    at += 8;
    assert_int_equal(length, strlen(message));
    assert_int_equal(size, at + length + 1);
    assert_memory_equal(got + at, message, length);
    assert_int_equal(got[at + length], '\n');
    assert_int_equal(entry(journal, got, sizeof(got)), 0);
}

static void test_journal_fields(void **state)
{
    int journal = listen_as_journal();

    (void)state;
    claim_stderr(0);
    gs_log_init("prog", NULL);
    gs_info("up");
    assert_entry(journal, "PRIORITY=6\nSYSLOG_IDENTIFIER=prog\n", "up");
    gs_log_session(GS_LOG_ERROR, "demo", "anna", "a\nMESSAGE=b");
    assert_entry(journal,
                 "PRIORITY=3\nSYSLOG_IDENTIFIER=prog\nGPUSHARE_SESSION=demo\nGPUSHARE_USER=anna\n",
                 "a MESSAGE=b");
    gs_log_session(GS_LOG_WARN, "a\nPRIORITY=0", NULL, "x");
    assert_entry(journal, "PRIORITY=4\nSYSLOG_IDENTIFIER=prog\nGPUSHARE_SESSION=a PRIORITY=0\n",
                 "x");
    gs_log_init("prog", "own");
    gs_log_set_user("bert");
    gs_info("%s", "");
    assert_entry(journal,
                 "PRIORITY=6\nSYSLOG_IDENTIFIER=prog\nGPUSHARE_SESSION=own\nGPUSHARE_USER=bert\n",
                 "");
    assert_string_equal(line(), "");
    close(journal);
    unlink(JOURNAL);
}

/* $JOURNAL_STREAM is inherited, also by those whose stderr goes elsewhere. */
static void test_stderr_is_not_the_journal(void **state)
{
    int journal = listen_as_journal();
    char got[64];

    (void)state;
    claim_stderr(1);
    gs_log_init("prog", NULL);
    gs_info("up");
    setenv("JOURNAL_STREAM", "nonsense", 1);
    gs_log_init("prog", NULL);
    assert_string_equal(line(), "info  prog: up");
    gs_info("still up");
    assert_string_equal(line(), "info  prog: still up");
    assert_int_equal(entry(journal, got, sizeof(got)), 0);
    close(journal);
    unlink(JOURNAL);
}

static void test_journal_gone_and_back(void **state)
{
    int journal = listen_as_journal();

    (void)state;
    claim_stderr(0);
    gs_log_init("prog", NULL);
    close(journal);
    gs_info("one");
    assert_string_equal(line(), "info  prog: one");
    unlink(JOURNAL);
    gs_info("two");
    assert_string_equal(line(), "info  prog: two");
    journal = listen_as_journal();
    gs_info("three");
    assert_entry(journal, "PRIORITY=6\nSYSLOG_IDENTIFIER=prog\n", "three");
    close(journal);
    unlink(JOURNAL);
}

/* One that stands still holds nobody up, and what it does not take is not lost. */
static void test_journal_stands_still(void **state)
{
    int journal = listen_as_journal();
    char last[64];
    int i;

    (void)state;
    claim_stderr(0);
    gs_log_init("prog", NULL);
    for (i = 0; i < 100000; i++) {
        const char *got;

        gs_info("line %d", i);
        got = line();
        snprintf(last, sizeof(last), "info  prog: line %d", i);
        if (strcmp(got, last) == 0)
            break;
        assert_string_equal(got, "");
    }
    assert_in_range(i, 1, 99999);
    close(journal);
    unlink(JOURNAL);
}

/* ---- */

/* A /run of our own. */
static int enter_namespace(void)
{
    if (unshare(geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS) < 0 ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("none", "/run", "tmpfs", 0, NULL) < 0 || mkdir("/run/systemd", 0755) < 0 ||
        mkdir("/run/systemd/journal", 0755) < 0)
        return -errno;
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest text[] = {
        TEST(test_names),
        TEST(test_level),
        TEST(test_control_characters),
        TEST(test_long),
    };
    const struct CMUnitTest journal[] = {
        TEST(test_journal_fields),
        TEST(test_stderr_is_not_the_journal),
        TEST(test_journal_gone_and_back),
        TEST(test_journal_stands_still),
    };
    int failed, err;

    real_stderr = dup(STDERR_FILENO);
    failed = cmocka_run_group_tests(text, NULL, NULL);
    err = enter_namespace();
    if (failed == 0 && err) {
        printf("no mount namespace for a journal: %s\n", strerror(-err));
        return 77;
    }
    return failed + cmocka_run_group_tests(journal, NULL, NULL);
}
