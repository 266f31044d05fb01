/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/grant_page.h"

static short poll_once(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    poll(&p, 1, 0);
    return p.revents;
}

static struct gs_grant_channel make_host(void)
{
    struct gs_grant_channel host = GS_GRANT_CHANNEL_NONE;

    assert_int_equal(gs_grant_channel_create(&host), 0);
    return host;
}

/* Copies, as SCM_RIGHTS makes them. */
static void copy_fds(const struct gs_grant_channel *host, int ret[3])
{
    ret[0] = fcntl(host->fd, F_DUPFD_CLOEXEC, 0);
    ret[1] = fcntl(host->peer, F_DUPFD_CLOEXEC, 0);
    ret[2] = fcntl(host->to_host, F_DUPFD_CLOEXEC, 0);
}

static void test_both_see_one_page(void **state)
{
    struct gs_grant_channel host = make_host(), worker;
    int fds[3];

    (void)state;
    copy_fds(&host, fds);
    assert_int_equal(gs_grant_channel_open(fds, &worker), 0);
    atomic_store(&worker.page->up.asked, 7);
    atomic_store(&host.page->down.granted, 6);
    assert_int_equal(atomic_load(&host.page->up.asked), 7);
    assert_int_equal(atomic_load(&worker.page->down.granted), 6);
    gs_grant_channel_finish(&worker);
    assert_null(worker.page);
    gs_grant_channel_finish(&host);
    gs_grant_channel_finish(&host);
}

static void test_kicks_wake(void **state)
{
    struct gs_grant_channel host = make_host(), worker;
    int fds[3];

    (void)state;
    copy_fds(&host, fds);
    assert_int_equal(gs_grant_channel_open(fds, &worker), 0);
    assert_int_equal(poll_once(worker.to_worker), 0);
    for (int i = 0; i < 100; i++)
        gs_grant_kick(host.to_worker);
    assert_int_equal(poll_once(worker.to_worker), POLLIN);
    gs_grant_clear(worker.to_worker);
    assert_int_equal(poll_once(worker.to_worker), 0);
    gs_grant_kick(worker.to_host);
    assert_int_equal(poll_once(host.to_host), POLLIN);
    gs_grant_channel_finish(&host);
    gs_grant_channel_finish(&worker);
}

/* Whatever the worker does to what it holds. */
static void test_host_never_blocks(void **state)
{
    struct gs_grant_channel host = make_host(), worker;
    int fds[3];

    (void)state;
    copy_fds(&host, fds);
    assert_int_equal(gs_grant_channel_open(fds, &worker), 0);
    assert_int_equal(fcntl(worker.to_worker, F_SETFL, 0), 0);
    for (int i = 0; i < 10000; i++)
        gs_grant_kick(host.to_worker);
    assert_int_equal(poll_once(worker.to_worker), POLLIN);
    gs_grant_channel_finish(&worker);
    gs_grant_channel_finish(&host);
}

static void test_page_keeps_its_size(void **state)
{
    struct gs_grant_channel host = make_host();

    (void)state;
    assert_int_equal(ftruncate(host.fd, 0), -1);
    assert_int_equal(errno, EPERM);
    assert_int_equal(ftruncate(host.fd, 2 * GS_GRANT_PAGE_SIZE), -1);
    assert_int_equal(fcntl(host.fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
    assert_int_equal(errno, EPERM);
    gs_grant_channel_finish(&host);
}

static void test_hang_up_is_seen(void **state)
{
    struct gs_grant_channel host = make_host(), worker;
    int fds[3];

    (void)state;
    copy_fds(&host, fds);
    assert_int_equal(gs_grant_channel_open(fds, &worker), 0);
    gs_grant_channel_finish(&host);
    assert_int_equal(poll_once(worker.to_worker), POLLHUP);
    gs_grant_clear(worker.to_worker);
    gs_grant_channel_finish(&worker);
}

static void refuse(int fds[3])
{
    struct gs_grant_channel worker;

    assert_int_equal(gs_grant_channel_open(fds, &worker), -EPROTO);
    assert_null(worker.page);
    for (int i = 0; i < 3; i++)
        assert_int_equal(fcntl(fds[i], F_GETFD), -1); /* taken all the same */
}

static void replace(int *fd, int with)
{
    close(*fd);
    *fd = with;
}

static void test_wrong_descriptors_are_refused(void **state)
{
    struct gs_grant_channel host = make_host();
    int fds[3];

    (void)state;
    copy_fds(&host, fds);
    replace(&fds[0], memfd_create("unsealed", MFD_ALLOW_SEALING));
    assert_int_equal(ftruncate(fds[0], GS_GRANT_PAGE_SIZE), 0);
    refuse(fds);
    copy_fds(&host, fds);
    replace(&fds[0], open("/dev/zero", O_RDWR));
    refuse(fds);
    copy_fds(&host, fds);
    replace(&fds[1], fcntl(host.to_worker, F_DUPFD_CLOEXEC, 0)); /* the end to write */
    refuse(fds);
    copy_fds(&host, fds);
    replace(&fds[1], eventfd(0, EFD_NONBLOCK));
    refuse(fds);
    copy_fds(&host, fds);
    replace(&fds[2], eventfd(0, 0)); /* would block */
    refuse(fds);
    copy_fds(&host, fds);
    replace(&fds[2], fcntl(host.peer, F_DUPFD_CLOEXEC, 0));
    refuse(fds);
    atomic_store(&host.page->down.version, GS_GRANT_PAGE_VERSION + 1);
    copy_fds(&host, fds);
    refuse(fds);
    gs_grant_channel_finish(&host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_see_one_page),
        cmocka_unit_test(test_kicks_wake),
        cmocka_unit_test(test_host_never_blocks),
        cmocka_unit_test(test_page_keeps_its_size),
        cmocka_unit_test(test_hang_up_is_seen),
        cmocka_unit_test(test_wrong_descriptors_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
