/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <gio/gunixsocketaddress.h>
#include <glib-unix.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/service.h"
#include "tests/support/process.h"

/* A service manager's environment and descriptors, right and wrong. Each case runs in a process of
 * its own, because descriptors are passed by their numbers. */

static char *dir, *path, *notify;

static int setup(void **state)
{
    (void)state;
    dir = g_dir_make_tmp("gs-service-XXXXXX", NULL);
    path = g_build_filename(dir, "control.sock", NULL);
    notify = g_build_filename(dir, "notify", NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    gs_process_remove_dir(dir);
    g_free(dir);
    g_free(path);
    g_free(notify);
    return 0;
}

/* A bound socket as descriptor fd; name without '/' is of the abstract kind. */
static void bind_at(int fd, const char *name, int type, bool listening)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int made = socket(AF_UNIX, type, 0);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));

    memcpy(address.sun_path, name, strlen(name));
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    if (bind(made, (struct sockaddr *)&address, size) < 0 || (listening && listen(made, 5) < 0) ||
        dup2(made, fd) != fd)
        _exit(100);
    if (made != fd)
        close(made);
}

static void pass_fds(unsigned n, pid_t pid)
{
    g_autofree char *count = g_strdup_printf("%u", n);
    g_autofree char *whose = g_strdup_printf("%d", (int)pid);

    g_setenv("LISTEN_FDS", count, TRUE);
    g_setenv("LISTEN_PID", whose, TRUE);
    g_setenv("LISTEN_FDNAMES", "control", TRUE);
}

static void in_child(void (*fn)(void))
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        fn();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_msg("it ended with %d", status >> 8);
}

static void expect(bool holds, const char *what, int line)
{
    if (holds)
        return;
    dprintf(STDERR_FILENO, "line %d: not %s\n", line, what);
    _exit(1);
}

#define EXPECT(condition) expect(condition, #condition, __LINE__)

static void without_manager(void)
{
    struct gs_service *s = gs_service_open();
    GSocket *socket;

    EXPECT(gs_service_take_socket(s, path, &socket) == 0 && !socket);
    gs_service_ready(s);
    gs_service_status(s, "fine");
    gs_service_reloading(s);
    gs_service_stopping(s);
    gs_service_close(s);
    gs_service_close(NULL);
}

static void takes_the_right_one(void)
{
    struct gs_service *s;
    GSocket *socket;

    bind_at(3, notify, SOCK_DGRAM, false);
    bind_at(4, path, SOCK_STREAM, true);
    pass_fds(2, getpid());
    s = gs_service_open();
    EXPECT(!g_getenv("LISTEN_FDS") && !g_getenv("LISTEN_PID") && !g_getenv("LISTEN_FDNAMES"));
    EXPECT(fcntl(3, F_GETFD) < 0 && fcntl(4, F_GETFD) < 0);
    EXPECT(gs_service_take_socket(s, path, &socket) == 0 && socket);
    EXPECT(fcntl(g_socket_get_fd(socket), F_GETFD) & FD_CLOEXEC);
    g_object_unref(socket);
    gs_service_close(s);
    EXPECT(access(path, F_OK) == 0); /* it is the manager's */
}

static void refused(void)
{
    struct gs_service *s;
    GSocket *socket;

    pass_fds(1, getpid());
    s = gs_service_open();
    EXPECT(gs_service_take_socket(s, path, &socket) == -EADDRNOTAVAIL && !socket);
    gs_service_close(s);
}

static void another_path(void)
{
    bind_at(3, notify, SOCK_STREAM, true);
    refused();
}

static void not_listening(void)
{
    bind_at(3, path, SOCK_STREAM, false);
    refused();
}

static void no_socket(void)
{
    EXPECT(dup2(open("/dev/null", O_RDONLY), 3) == 3);
    refused();
}

static void for_somebody_else(void)
{
    struct gs_service *s;
    GSocket *socket;

    bind_at(3, path, SOCK_STREAM, true);
    pass_fds(1, getppid());
    s = gs_service_open();
    EXPECT(!g_getenv("LISTEN_FDS"));
    EXPECT(gs_service_take_socket(s, path, &socket) == 0 && !socket);
    EXPECT(fcntl(3, F_GETFD) >= 0); /* not ours to close */
    gs_service_close(s);
}

static void absurd_numbers(void)
{
    static const char *const counts[] = {"-1", "many",      "", "99999999999999999999",
                                         "0",  "4000000000"};

    for (size_t i = 0; i < G_N_ELEMENTS(counts); i++) {
        struct gs_service *s;
        GSocket *socket;

        pass_fds(0, getpid());
        g_setenv("LISTEN_FDS", counts[i], TRUE);
        g_setenv("WATCHDOG_USEC", counts[i], TRUE);
        g_setenv("NOTIFY_SOCKET", i % 2 ? "relative" : "/nonexistent/socket", TRUE);
        s = gs_service_open();
        EXPECT(!g_getenv("NOTIFY_SOCKET") && !g_getenv("WATCHDOG_USEC"));
        EXPECT(gs_service_take_socket(s, path, &socket) <= 0 && !socket);
        gs_service_ready(s);
        gs_service_close(s);
    }
}

static void expect_heard(const char *text)
{
    char got[256] = "";

    EXPECT(recv(3, got, sizeof(got) - 1, 0) > 0);
    EXPECT(g_str_has_prefix(got, text));
}

static void says_it_at(const char *name, const char *address)
{
    struct gs_service *s;

    bind_at(3, name, SOCK_DGRAM, false);
    g_setenv("NOTIFY_SOCKET", address, TRUE);
    s = gs_service_open();
    EXPECT(!g_getenv("NOTIFY_SOCKET"));
    gs_service_ready(s);
    gs_service_status(s, "two\nlines");
    gs_service_status(s, "two\nlines");
    gs_service_reloading(s);
    gs_service_stopping(s);
    expect_heard("READY=1");
    expect_heard("STATUS=two lines");
    expect_heard("RELOADING=1\nMONOTONIC_USEC=");
    expect_heard("STOPPING=1");
    gs_service_close(s);
}

static void says_it(void)
{
    says_it_at(notify, notify);
}

static void says_it_abstractly(void)
{
    g_autofree char *name = g_strdup_printf("@gs-service-%d", (int)getpid());

    says_it_at(name, name);
}

static gboolean quit(gpointer loop)
{
    char got[64] = "";

    EXPECT(recv(3, got, sizeof(got) - 1, 0) > 0);
    EXPECT(strcmp(got, "WATCHDOG=1") == 0);
    g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
}

static gboolean when_heard(gint fd GS_UNUSED, GIOCondition condition GS_UNUSED, gpointer loop)
{
    return quit(loop);
}

static void watchdog(void)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    struct gs_service *s;

    bind_at(3, notify, SOCK_DGRAM, false);
    g_setenv("NOTIFY_SOCKET", notify, TRUE);
    g_setenv("WATCHDOG_USEC", "20000", TRUE);
    s = gs_service_open();
    gs_service_ready(s);
    expect_heard("READY=1");
    g_unix_fd_add(3, G_IO_IN, when_heard, loop);
    g_main_loop_run(loop);
    gs_service_close(s);
}

#define CASE(name)                                                                                 \
    static void test_##name(void **state)                                                          \
    {                                                                                              \
        (void)state;                                                                               \
        in_child(name);                                                                            \
    }
CASE(without_manager)
CASE(takes_the_right_one)
CASE(another_path)
CASE(not_listening)
CASE(no_socket)
CASE(for_somebody_else)
CASE(absurd_numbers)
CASE(says_it)
CASE(says_it_abstractly)
CASE(watchdog)
#undef CASE

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(without_manager),    CASE(takes_the_right_one),
        CASE(another_path),       CASE(not_listening),
        CASE(no_socket),          CASE(for_somebody_else),
        CASE(absurd_numbers),     CASE(says_it),
        CASE(says_it_abstractly), CASE(watchdog),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
