/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/schedule.h"

/* struct sched_attr, see sched_setattr(2). */
struct attributes {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
};

struct seen {
    int nice;
    uint64_t slice; /* 0: this kernel does not tell */
};

static struct seen look(void)
{
    struct attributes a = {0};

    if (syscall(SYS_sched_getattr, 0, &a, sizeof(a), 0) < 0)
        a.runtime = 0;
    return (struct seen){getpriority(PRIO_PROCESS, 0), a.runtime};
}

/* Runs fn in a child and returns what it saw. */
static struct seen in_child(void (*fn)(void))
{
    struct seen seen;
    int fds[2], status;
    pid_t pid;

    assert_int_equal(pipe(fds), 0);
    pid = fork();
    if (pid == 0) {
        setsid();
        fn();
        seen = look();
        _exit(write(fds[1], &seen, sizeof(seen)) == sizeof(seen) ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(read(fds[0], &seen, sizeof(seen)), sizeof(seen));
    close(fds[0]);
    close(fds[1]);
    return seen;
}

static void become_application(void)
{
    gs_schedule_prompt();
    gs_schedule_application();
}

static void test_prompt(void **state)
{
    struct seen before = look(), after = in_child(gs_schedule_prompt);

    (void)state;
    assert_true(after.nice <= before.nice); /* permitted, or as it was */
    if (before.slice)
        assert_int_equal(after.slice, 100000);
}

static void test_application(void **state)
{
    struct seen before = look(), after = in_child(become_application);

    (void)state;
    assert_int_equal(after.nice, before.nice < 18 ? before.nice + 2 : 19);
    assert_int_equal(after.slice, before.slice);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prompt),
        cmocka_unit_test(test_application),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
