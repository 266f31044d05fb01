/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Filters are for ever: each is tried in a child. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "session/syscall_filter.h"

static long kernel_module(void)
{
    return syscall(SYS_delete_module, "no-such-module", 0);
}

static long new_key(void)
{
    return syscall(SYS_add_key, "user", "gs", "x", 1ul, -1);
}

static long type_for_others(void)
{
    return ioctl(STDIN_FILENO, TIOCSTI, "x");
}

/* The upper half must not let it through. */
static long type_for_others_wide(void)
{
    return syscall(SYS_ioctl, STDIN_FILENO, 0xffffffff00000000ul | TIOCSTI, "x");
}

static long new_namespace(void)
{
    return unshare(CLONE_NEWUSER);
}

static long trace(void)
{
    return ptrace(PTRACE_TRACEME, 0, 0, 0);
}

static long unmount(void)
{
    return umount2("/nonexistent", 0);
}

static long ordinary(void)
{
    pid_t child = fork();

    if (child == 0)
        _exit(0);
    return waitpid(child, NULL, 0) == child ? 0 : -1;
}

/* 0, or what the call's errno was; 255: the filter could not be set. */
static int errno_in_child(int (*set)(void), long (*call)(void))
{
    pid_t child = fork();
    int status;

    if (child == 0) {
        if (set() < 0)
            _exit(255);
        errno = 0;
        _exit(call() < 0 ? errno : 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int set_nothing(void)
{
    return 0;
}

static int set_worker(void)
{
    return gs_syscall_filter_worker();
}

static int set_app(bool strict)
{
    static struct sock_filter code[4096];
    struct sock_fprog program = {.filter = code};
    int fd = gs_syscall_filter_app(strict);
    ssize_t n = fd < 0 ? -1 : read(fd, code, sizeof(code));

    if (n <= 0 || n % (ssize_t)sizeof(code[0]) != 0)
        return -1;
    program.len = (unsigned short)((size_t)n / sizeof(code[0]));
    close(fd);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -1;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static int set_standard(void)
{
    return set_app(false);
}

static int set_strict(void)
{
    return set_app(true);
}

static void test_administration_is_denied_to_all(void **state)
{
    static int (*const sets[])(void) = {set_worker, set_standard, set_strict};

    (void)state;
    for (size_t i = 0; i < GS_ARRAY_SIZE(sets); i++) {
        assert_int_equal(errno_in_child(sets[i], kernel_module), EPERM);
        assert_int_equal(errno_in_child(sets[i], new_key), EPERM);
        assert_int_equal(errno_in_child(sets[i], type_for_others), EPERM);
        assert_int_equal(errno_in_child(sets[i], type_for_others_wide), EPERM);
        assert_int_equal(errno_in_child(sets[i], ordinary), 0);
    }
}

static void test_namespaces_only_where_they_are_needed(void **state)
{
    /* Within a chroot, for one, the kernel itself gives none. */
    int without = errno_in_child(set_nothing, new_namespace);

    (void)state;
    assert_int_equal(errno_in_child(set_worker, new_namespace), without);
    assert_int_equal(errno_in_child(set_standard, new_namespace), without);
    assert_int_equal(errno_in_child(set_strict, new_namespace), EPERM);
    assert_int_equal(errno_in_child(set_strict, unmount), EPERM);
    assert_int_equal(errno_in_child(set_strict, trace), EPERM);
    assert_int_equal(errno_in_child(set_standard, trace), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_administration_is_denied_to_all),
        cmocka_unit_test(test_namespaces_only_where_they_are_needed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
