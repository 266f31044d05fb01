/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/channel.h"
#include "tests/integration/keeper_rig.h"

/* All the ways in which a kept worker ends, and what the host hears of them. */

static struct keeper_rig rig;

static bool lives(pid_t pid)
{
    return kill(pid, 0) == 0;
}

/* Started, and known. */
static void start(const char *mode)
{
    keeper_rig_init(&rig, mode);
    keeper_rig_start(&rig);
}

static void assert_gone(const char *why)
{
    keeper_rig_wait(&rig.gone);
    if (!why)
        assert_null(rig.why);
    else if (!rig.why || !strstr(rig.why, why))
        fail_msg("it says '%s', not '%s'", rig.why ? rig.why : "(in order)", why);
}

static void test_ends_in_order(void **state)
{
    (void)state;
    start("echo");
    assert_true(rig.ready);
    gs_worker_stop(rig.worker);
    assert_gone(NULL);
    assert_true(rig.has_exit);
    assert_int_equal(rig.exit.status, 0);
    assert_int_equal(rig.exit.signal, 0);
    assert_string_equal(rig.exit.why, "");
    keeper_rig_finish(&rig);
}

static unsigned open_descriptors(void)
{
    g_autoptr(GDir) dir = g_dir_open("/proc/self/fd", 0, NULL);
    unsigned n = 0;

    while (g_dir_read_name(dir))
        n++;
    return n;
}

/* A host has many sessions in its life. */
static void test_many_one_after_another(void **state)
{
    unsigned before = open_descriptors();

    (void)state;
    for (unsigned i = 0; i < 30; i++) {
        start("echo");
        if (i % 3 == 0)
            gs_worker_kill(rig.worker);
        else
            gs_worker_stop(rig.worker);
        assert_gone(i % 3 == 0 ? "was killed by SIGKILL" : NULL);
        keeper_rig_finish(&rig);
    }
    assert_int_equal(open_descriptors(), before);
}

static bool knows_worker(struct keeper_rig *r)
{
    return gs_worker_pid(r->worker) > 0;
}

static void test_worker_killed(void **state)
{
    g_autofree char *lock = NULL;
    int orphan, child;

    (void)state;
    start("family");
    keeper_rig_wait_for(knows_worker, &rig);
    assert_int_equal(gs_worker_pid(rig.worker), keeper_rig_number(&rig, 0));
    assert_true(lives(gs_worker_keeper_pid(rig.worker)));
    orphan = keeper_rig_number(&rig, 2);
    child = keeper_rig_number(&rig, 3);
    lock = g_strdup_printf("/tmp/.X%d-lock", keeper_rig_number(&rig, 1));
    assert_int_equal(access(lock, F_OK), 0);
    kill(gs_worker_pid(rig.worker), SIGKILL);
    assert_gone("was killed by SIGKILL");
    assert_int_equal(rig.exit.status, -1);
    assert_int_equal(rig.exit.signal, SIGKILL);
    assert_false(rig.exit.out_of_memory);
    assert_false(lives(orphan) || lives(child));
    assert_int_not_equal(access(lock, F_OK), 0);
    keeper_rig_finish(&rig);
}

static void test_worker_fails(void **state)
{
    (void)state;
    start("die");
    assert_gone("ended with status 7");
    assert_int_equal(rig.exit.status, 7);
    keeper_rig_finish(&rig);
    start("crash");
    gs_worker_kill(rig.worker);
    assert_gone("was killed by SIGKILL");
    keeper_rig_finish(&rig);
}

static void test_no_program(void **state)
{
    (void)state;
    keeper_rig_init(&rig, "echo");
    strcpy(rig.keeper.program, "/no/such/worker");
    keeper_rig_start(&rig);
    assert_gone("could not be started: /no/such/worker: No such file or directory");
    assert_int_equal(rig.exit.status, 127);
    keeper_rig_finish(&rig);
}

/* Nobody is there to sweep: the worker ends because its keeper did. */
static void test_keeper_killed(void **state)
{
    pid_t worker;

    (void)state;
    start("echo");
    keeper_rig_wait_for(knows_worker, &rig);
    worker = gs_worker_pid(rig.worker);
    kill(gs_worker_keeper_pid(rig.worker), SIGKILL);
    assert_gone("lost its keeper");
    assert_false(rig.has_exit);
    assert_int_equal(waitpid(worker, NULL, 0), worker); /* it became ours */
    keeper_rig_finish(&rig);
}

/* It ignores what asks it to end. */
static void test_deaf_worker_of_a_killed_keeper(void **state)
{
    pid_t worker;

    (void)state;
    keeper_rig_init(&rig, "deaf");
    rig.keeper.stop_ms = 100;
    strcpy(rig.config.adopt_path, "/nowhere");
    keeper_rig_start(&rig);
    keeper_rig_wait_for(knows_worker, &rig);
    worker = gs_worker_pid(rig.worker);
    kill(gs_worker_keeper_pid(rig.worker), SIGKILL);
    assert_gone("lost its keeper");
    assert_int_equal(waitpid(worker, NULL, 0), worker);
    keeper_rig_finish(&rig);
}

static void test_stop_becomes_kill(void **state)
{
    (void)state;
    keeper_rig_init(&rig, "deaf");
    rig.keeper.stop_ms = 100;
    keeper_rig_start(&rig);
    gs_worker_stop(rig.worker);
    assert_gone(NULL);
    assert_int_equal(rig.exit.signal, SIGKILL);
    keeper_rig_finish(&rig);
}

/* Asked by signal, as an administrator would. */
static void test_signal_to_the_keeper(void **state)
{
    g_autofree char *log = NULL;

    (void)state;
    keeper_rig_init(&rig, "deaf");
    rig.keeper.stop_ms = 100;
    keeper_rig_start(&rig);
    kill(gs_worker_keeper_pid(rig.worker), SIGTERM);
    assert_gone("was killed by SIGKILL");
    log = keeper_rig_log(&rig, "worker.log");
    assert_non_null(strstr(log, "the worker did not end in 100 ms and is killed"));
    keeper_rig_finish(&rig);
    start("echo");
    kill(gs_worker_keeper_pid(rig.worker), SIGTERM);
    assert_gone("was killed by SIGTERM");
    keeper_rig_finish(&rig);
}

static void test_hung_worker(void **state)
{
    (void)state;
    keeper_rig_init(&rig, "hung");
    rig.hang_ms = 200;
    keeper_rig_start(&rig);
    assert_gone("did not answer for 0.2 s and was killed");
    assert_true(rig.hung);
    keeper_rig_finish(&rig);
}

static void test_stopped_worker(void **state)
{
    (void)state;
    keeper_rig_init(&rig, "echo");
    rig.hang_ms = 200;
    keeper_rig_start(&rig);
    kill(keeper_rig_number(&rig, 0), SIGSTOP);
    assert_gone("did not answer");
    keeper_rig_finish(&rig);
}

static bool answers(struct keeper_rig *r)
{
    return r->hung || r->gone || r->n_stats >= 2;
}

/* As long as it did not run itself the host could not hear any answer. */
static void test_host_stood_still(void **state)
{
    (void)state;
    keeper_rig_init(&rig, "echo");
    rig.hang_ms = 3000;
    keeper_rig_start(&rig);
    g_usleep(3500 * 1000);
    keeper_rig_wait_for(answers, &rig);
    assert_false(rig.hung || rig.gone);
    gs_worker_stop(rig.worker);
    assert_gone(NULL);
    keeper_rig_finish(&rig);
}

static bool wishes_arrived(struct keeper_rig *r)
{
    return r->stats.fps_milli == 24000 && r->stats.kbps == 800;
}

static void test_statistics_and_settings(void **state)
{
    const struct gs_video video = {.width = 800, .height = 600};
    struct gs_worker_set set = GS_WORKER_SET_NONE;

    (void)state;
    keeper_rig_init(&rig, "echo");
    rig.hang_ms = 4000;
    keeper_rig_start(&rig);
    set.fps = 24;
    assert_int_equal(gs_worker_send_set(rig.worker, &set), 0);
    assert_int_equal(gs_worker_resize(rig.worker, &video), 0);
    keeper_rig_wait_for(wishes_arrived, &rig);
    gs_worker_stop(rig.worker);
    assert_gone(NULL);
    assert_int_not_equal(gs_worker_send_set(rig.worker, &set), 0);
    keeper_rig_finish(&rig);
}

/* ---- another host ---- */

struct listening {
    GSocketListener *listener;
    struct gs_channel *link;
    struct gs_worker_adopt adopt;
    bool came;
};

static void on_adopt(void *user, uint8_t type, const uint8_t *payload, size_t size)
{
    struct listening *l = user;

    assert_int_equal(type, GS_LINK_ADOPT);
    assert_int_equal(gs_worker_adopt_from_json((const char *)payload, size, &l->adopt), 0);
    l->came = true;
}

static void on_adopt_closed(void *user, int err)
{
    (void)user;
    fail_msg("the worker went away again: %d", err);
}

static void on_accept(GObject *source, GAsyncResult *result, gpointer data)
{
    static const struct gs_channel_handler handler = {on_adopt, on_adopt_closed};
    struct listening *l = data;
    g_autoptr(GSocketConnection) conn =
        g_socket_listener_accept_finish(G_SOCKET_LISTENER(source), result, NULL, NULL);

    assert_non_null(conn);
    l->link = gs_channel_create(G_IO_STREAM(conn), GS_PROTO_MAX_FRAME, &handler, l);
}

static void listen_at(struct listening *l, const char *path)
{
    g_autoptr(GSocketAddress) address = g_unix_socket_address_new(path);

    *l = (struct listening){.listener = g_socket_listener_new()};
    assert_true(g_socket_listener_add_address(l->listener, address, G_SOCKET_TYPE_STREAM, 0, NULL,
                                              NULL, NULL));
    g_socket_listener_accept_async(l->listener, NULL, on_accept, l);
}

/* As the next host does with what the one before wrote down. */
static void adopt(struct listening *l, pid_t keeper, uint64_t start_time)
{
    g_autoptr(GIOStream) stream = NULL;
    struct gs_worker_params params;

    keeper_rig_wait(&l->came);
    assert_string_equal(l->adopt.session, "kept");
    assert_string_equal(l->adopt.secret, "s3cret");
    stream = gs_channel_steal(l->link);
    keeper_rig_fill_params(&rig, &params);
    assert_int_equal(
        gs_worker_adopt(&params, stream, keeper, start_time + 1, &l->adopt.ready, &rig.worker),
        -ESRCH);
    assert_int_equal(
        gs_worker_adopt(&params, stream, keeper, start_time, &l->adopt.ready, &rig.worker), 0);
    g_object_unref(l->listener);
}

static bool has_data(struct keeper_rig *r)
{
    return r->n_data > 0;
}

static void start_and_adopt(void)
{
    struct gs_client_open open = {.hello = {.session = "kept", .client = "c"}};
    struct listening l;
    uint64_t start_time;
    pid_t keeper;

    keeper_rig_init(&rig, "family");
    rig.hang_ms = 4000;
    g_snprintf(rig.config.adopt_path, sizeof(rig.config.adopt_path), "%s/adopt", rig.dir);
    keeper_rig_start(&rig);
    keeper = gs_worker_keeper_pid(rig.worker);
    start_time = gs_worker_keeper_start_time(rig.worker);
    gs_worker_detach(rig.worker);
    listen_at(&l, rig.config.adopt_path);
    adopt(&l, keeper, start_time);
    assert_int_equal(gs_worker_pid(rig.worker), keeper_rig_number(&rig, 0));
    assert_int_equal(gs_worker_keeper_pid(rig.worker), keeper);
    assert_int_equal(gs_worker_open_client(rig.worker, 1, &open), 0);
    keeper_rig_wait_for(has_data, &rig);
}

/* The keeper is not the child of a host that adopted its worker, but it is the test's. */
static void reap_keeper(void)
{
    assert_true(waitpid(-1, NULL, 0) > 0);
}

static void test_adopted_ends_in_order(void **state)
{
    (void)state;
    start_and_adopt();
    gs_worker_stop(rig.worker);
    assert_gone(NULL);
    assert_true(rig.has_exit);
    reap_keeper();
    keeper_rig_finish(&rig);
}

static void test_adopted_killed(void **state)
{
    int orphan;

    (void)state;
    start_and_adopt();
    orphan = keeper_rig_number(&rig, 2);
    kill(gs_worker_pid(rig.worker), SIGKILL);
    assert_gone("was killed by SIGKILL");
    assert_false(lives(orphan));
    reap_keeper();
    keeper_rig_finish(&rig);
}

static void test_adopted_destroyed(void **state)
{
    int orphan;

    (void)state;
    start_and_adopt();
    orphan = keeper_rig_number(&rig, 2);
    gs_worker_destroy(rig.worker);
    assert_false(lives(orphan));
    reap_keeper();
    assert_int_equal(access(rig.keeper.exit_path, F_OK), 0);
    assert_false(rig.gone);
    rig.gone = true;
    rig.keeper.exit_path[0] = '\0';
    rig.worker = NULL;
    keeper_rig_finish(&rig);
}

static int setup(void **state)
{
    (void)state;
    return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ends_in_order),
        cmocka_unit_test(test_many_one_after_another),
        cmocka_unit_test(test_worker_killed),
        cmocka_unit_test(test_worker_fails),
        cmocka_unit_test(test_no_program),
        cmocka_unit_test(test_keeper_killed),
        cmocka_unit_test(test_deaf_worker_of_a_killed_keeper),
        cmocka_unit_test(test_stop_becomes_kill),
        cmocka_unit_test(test_signal_to_the_keeper),
        cmocka_unit_test(test_hung_worker),
        cmocka_unit_test(test_stopped_worker),
        cmocka_unit_test(test_host_stood_still),
        cmocka_unit_test(test_statistics_and_settings),
        cmocka_unit_test(test_adopted_ends_in_order),
        cmocka_unit_test(test_adopted_killed),
        cmocka_unit_test(test_adopted_destroyed),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
