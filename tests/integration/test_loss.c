/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A session over a network that loses packets: a network namespace of our own, whose loopback drops
 * two in a hundred of the session's datagrams. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <glib.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/session_run.h"

/* Only what the worker sends: the client's reports come through. */
static const char rules[] = "table inet loss {\n"
                            " chain input {\n"
                            "  type filter hook input priority 0;\n"
                            "  udp sport 47810-47999 numgen random mod 100 < 2 drop\n"
                            " }\n"
                            "}\n";

static bool write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    bool ok = f && fputs(text, f) >= 0;

    return f && fclose(f) == 0 && ok;
}

/* Moves this process into a network of its own, with a user namespace where it takes one. */
static bool enter_network(void)
{
    g_autofree char *uids = g_strdup_printf("0 %u 1", (unsigned)getuid());
    g_autofree char *gids = g_strdup_printf("0 %u 1", (unsigned)getgid());

    if (unshare(CLONE_NEWNET) == 0)
        return true;
    return unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0 &&
           write_file("/proc/self/setgroups", "deny") && write_file("/proc/self/uid_map", uids) &&
           write_file("/proc/self/gid_map", gids);
}

static bool succeeds(const char *const *argv, const char *input)
{
    struct gs_process p;
    bool ok;

    if (gs_process_start(argv, NULL, &p) < 0)
        return false;
    ok = write(p.in, input, strlen(input)) == (ssize_t)strlen(input);
    close(p.in);
    p.in = -1;
    ok = gs_process_wait(&p, GS_PROCESS_DEADLINE_MS) == 0 && ok;
    gs_process_finish(&p);
    return ok;
}

static bool make_lossy_network(void)
{
    return enter_network() &&
           succeeds((const char *const[]){"ip", "link", "set", "lo", "up", NULL}, "") &&
           succeeds((const char *const[]){"nft", "-f", "-", NULL}, rules);
}

static void test_loss_is_repaired(void **state)
{
    g_autofree char *app = gs_program_path("gs-test-app");
    const char *const argv[] = {app, "--mode", "counter", NULL};
    struct gs_session_run run;
    struct gs_client_run client;
    uint32_t shown = 0;
    double decoded, received;

    (void)state;
    assert_int_equal(gs_session_run_start(NULL, argv, &run), 0);
    assert_int_equal(gs_client_run(&run, 8, NULL, &client), 0);
    received = gs_client_stat(&client, "frames_received");
    decoded = gs_client_stat(&client, "frames_decoded");
    assert_true(gs_client_stat(&client, "packets_lost") > 0);
    assert_true(gs_client_stat(&client, "packets_repaired") > 0);
    assert_true(gs_client_stat(&client, "packets_repaired") <=
                gs_client_stat(&client, "packets_lost"));
    assert_true(decoded > 10 && decoded * 10 >= received * 9);
    assert_true(gs_image_read_blocks(&client.picture, &shown));
    assert_true(shown + 1 >= decoded);
    gs_client_finish(&client);
    assert_int_equal(gs_session_run_stop(&run), 0);
    gs_session_run_finish(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loss_is_repaired),
    };

    signal(SIGPIPE, SIG_IGN); /* where nft is missing, nobody reads its rules */
    if (!make_lossy_network()) {
        fprintf(stderr, "skipped: no network namespace with nftables can be made here\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
