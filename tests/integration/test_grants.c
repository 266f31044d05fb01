/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The scheduler's thread with workers that behave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <glib.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/fake_turns.h"
#include "tests/support/tree.h"
#include "tests/support/turns_rig.h"

static struct turns_rig rig;

/* ---- processes ---- */

static void test_alone_is_free(void **state)
{
    const struct turns_params p = {.weight = 100, .burn_ns = 2 * GS_NS_PER_MS};
    unsigned i = turns_rig_add(&rig, &p);
    struct gs_grants_info info;

    (void)state;
    assert_true(turns_rig_wait_frames(&rig, i, 50));
    info = turns_rig_info(&rig, i);
    assert_true(info.connected);
    assert_string_equal(info.meter, "cpu");
    assert_true(info.sched.frames >= 49);
    assert_int_equal(info.sched.waits, 0);
    assert_int_equal(info.sched.liberties, 0);
    assert_int_equal(info.nonsense, 0);
    assert_int_equal(info.floods, 0);
    assert_true(info.sched.used_ns > 50 * GS_NS_PER_MS);
}

/* What each of the first n used, and that since then. */
static void note_used(uint64_t used[], unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        used[i] = turns_rig_info(&rig, i).sched.used_ns - used[i];
}

static void test_shares_by_weight(void **state)
{
    const struct turns_params one = {.weight = 100, .burn_ns = 4 * GS_NS_PER_MS, .sleeps = true};
    const struct turns_params three = {.weight = 300, .burn_ns = 4 * GS_NS_PER_MS, .sleeps = true};
    unsigned a = turns_rig_add(&rig, &one), b = turns_rig_add(&rig, &three);
    uint64_t used[2] = {0};

    (void)state;
    assert_true(turns_rig_wait_frames(&rig, a, 20)); /* costs are known */
    note_used(used, 2);
    assert_true(turns_rig_wait_frames(&rig, b, 450));
    note_used(used, 2);
    print_message("%lu and %lu ms by weights of 100 and 300\n",
                  (unsigned long)(used[a] / GS_NS_PER_MS), (unsigned long)(used[b] / GS_NS_PER_MS));
    assert_in_range(used[b], used[a] * 5 / 2, used[a] * 7 / 2);
    assert_true(turns_rig_info(&rig, a).sched.waits > 0);
}

/* A program that is no session; it ends with us. */
static pid_t burn_on(void)
{
    pid_t pid = fork();

    if (pid != 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;)
        continue;
}

/* The processor is not idle when others use it: what they leave is shared by weight. */
static void test_shares_beside_others(void **state)
{
    const struct turns_params one = {.weight = 100, .burn_ns = 4 * GS_NS_PER_MS};
    const struct turns_params three = {.weight = 300, .burn_ns = 4 * GS_NS_PER_MS};
    unsigned a = turns_rig_add(&rig, &one), b = turns_rig_add(&rig, &three);
    pid_t other = burn_on();
    uint64_t used[2] = {0};

    (void)state;
    assert_true(turns_rig_wait_frames(&rig, a, 50));
    note_used(used, 2);
    assert_true(turns_rig_wait_frames(&rig, b, 300));
    note_used(used, 2);
    kill(other, SIGKILL);
    waitpid(other, NULL, 0);
    print_message("%lu and %lu ms by weights of 100 and 300\n",
                  (unsigned long)(used[a] / GS_NS_PER_MS), (unsigned long)(used[b] / GS_NS_PER_MS));
    assert_in_range(used[b], used[a] * 2, used[a] * 4);
}

static void test_settings_apply_live(void **state)
{
    const struct turns_params p = {.weight = 100, .burn_ns = 4 * GS_NS_PER_MS, .sleeps = true};
    const struct gs_sched_settings heavier = {.weight = 400, .fps = 60};
    unsigned a = turns_rig_add(&rig, &p), b = turns_rig_add(&rig, &p);
    uint64_t used[2] = {0};

    (void)state;
    assert_true(turns_rig_wait_frames(&rig, a, 20));
    gs_grants_set(rig.all[b].session, &heavier);
    assert_true(turns_rig_wait_frames(&rig, b, 100)); /* it settles */
    note_used(used, 2);
    assert_true(turns_rig_wait_frames(&rig, b, 400));
    note_used(used, 2);
    assert_in_range(used[b], used[a] * 3, used[a] * 5);
}

/* Two sessions in one group weigh together what the third weighs. */
static void test_groups_weigh_together(void **state)
{
    const struct turns_params p = {.weight = 100, .burn_ns = 4 * GS_NS_PER_MS, .sleeps = true};
    unsigned a = turns_rig_add(&rig, &p), b = turns_rig_add(&rig, &p), c = turns_rig_add(&rig, &p);
    uint64_t used[3] = {0};

    (void)state;
    gs_grants_set_group(rig.all[a].session, "user anna", 100);
    gs_grants_set_group(rig.all[b].session, "user anna", 100);
    assert_true(turns_rig_wait_frames(&rig, c, 100));
    note_used(used, 3);
    assert_true(turns_rig_wait_frames(&rig, c, 300));
    note_used(used, 3);
    assert_in_range(used[c] * 100, (used[a] + used[b]) * 75, (used[a] + used[b]) * 133);
}

static void test_devices(void **state)
{
    struct gs_grants_device d[GS_SCHED_DEVICES_MAX];
    struct gs_sched_admission admission;

    (void)state;
    assert_true(gs_grants_devices(rig.grants, d, GS_SCHED_DEVICES_MAX) >= 1);
    assert_string_equal(d[0].gpu, "");
    assert_int_equal(d[0].engines, 1);
    assert_int_equal(d[0].sessions, 0);
    gs_grants_admit(rig.grants, "", 30, 10 * GS_NS_PER_MS, NULL, &admission);
    assert_true(admission.fits);
    assert_int_equal(admission.needed_permille, 300);
    gs_grants_admit(rig.grants, "", 90, 10 * GS_NS_PER_MS, NULL, &admission);
    assert_false(admission.fits);
}

/* ---- in this process ---- */

struct local {
    struct gs_grants_session *session;
    struct gs_grant_channel c;
    int sockets[2];
};

static void hand_over(struct local *l)
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, l->sockets), 0);
    assert_int_equal(gs_grants_hand_over(l->session, l->sockets[0]), 0);
    assert_int_equal(fake_turns_receive(l->sockets[1], &l->c), 0);
}

static void add_local(struct local *l, const char *name, uint32_t cap_permille)
{
    const struct gs_grants_session_params p = {
        .name = name,
        .group = "",
        .gpu = "",
        .cgroups = "",
        .settings = {.weight = 100, .fps = 60, .cap_permille = cap_permille}};

    l->session = gs_grants_add(rig.grants, &p);
    hand_over(l);
}

static void drop_page(struct local *l)
{
    gs_grant_channel_finish(&l->c);
    close(l->sockets[0]);
    close(l->sockets[1]);
}

static void remove_local(struct local *l)
{
    gs_grants_remove(l->session);
    drop_page(l);
}

static uint64_t heartbeat(const struct local *l)
{
    return atomic_load(&l->c.page->down.heartbeat);
}

/* More than its cap at once: the next frame has to wait for long. */
static void overdraw(struct local *l)
{
    assert_true(fake_turns_begin(&l->c));
    g_usleep(60000);
    fake_turns_end(&l->c);
    assert_true(fake_turns_wait_flag(&l->c, GS_GRANT_FREE, false));
}

static void test_heart_beats_while_one_waits(void **state)
{
    struct local l;
    uint64_t deadline = gs_now_ns() + 30 * GS_NS_PER_S;

    (void)state;
    add_local(&l, "waits", 10);
    overdraw(&l);
    fake_turns_ask(&l.c);
    for (unsigned beats = 0; beats < 4; beats++) {
        uint64_t last = heartbeat(&l);

        while (heartbeat(&l) == last) {
            assert_true(gs_now_ns() < deadline);
            g_usleep(1000);
        }
    }
    remove_local(&l);
}

static uint64_t wakeups(void)
{
    g_autoptr(GDir) tasks = g_dir_open("/proc/self/task", 0, NULL);
    const char *tid;

    while ((tid = g_dir_read_name(tasks))) {
        g_autofree char *file = g_strdup_printf("/proc/self/task/%s/status", tid);
        g_autofree char *text = NULL;
        const char *at;

        if (!g_file_get_contents(file, &text, NULL, NULL) || !strstr(text, "Name:\tscheduler\n"))
            continue;
        at = strstr(text, "\nvoluntary_ctxt_switches:");
        return strtoull(at + strlen("\nvoluntary_ctxt_switches:"), NULL, 10);
    }
    return UINT64_MAX;
}

/* It goes to sleep, and stays there. */
static void assert_sleeps(void)
{
    uint64_t deadline = gs_now_ns() + 30 * GS_NS_PER_S, before;

    do {
        assert_true(gs_now_ns() < deadline);
        before = wakeups();
        g_usleep(1000000);
    } while (wakeups() != before);
    assert_true(before < UINT64_MAX);
    g_usleep(1000000);
    assert_int_equal(wakeups(), before);
}

static void test_sleeps_while_nothing_happens(void **state)
{
    struct local a, b;

    (void)state;
    assert_sleeps();
    add_local(&a, "a", 0);
    add_local(&b, "b", 0);
    for (int i = 0; i < 20; i++) {
        assert_true(fake_turns_begin(&a.c));
        assert_true(fake_turns_begin(&b.c));
        fake_turns_end(&b.c);
        fake_turns_end(&a.c);
    }
    assert_sleeps();
    remove_local(&a);
    remove_local(&b);
}

static void test_page_is_replaced(void **state)
{
    struct local l, old;
    struct pollfd p = {.events = POLLIN};
    struct gs_grants_info info;

    (void)state;
    add_local(&l, "again", 10);
    overdraw(&l);
    fake_turns_ask(&l.c);
    old = l;
    hand_over(&l);
    p.fd = old.c.to_worker;
    do {
        gs_grant_clear(p.fd);
        assert_int_equal(poll(&p, 1, FAKE_TURNS_DEADLINE_MS), 1);
    } while (p.revents & POLLIN);
    assert_true(p.revents & POLLHUP);
    assert_int_equal(atomic_load(&l.c.page->up.asked), 0);
    assert_int_equal(atomic_load(&l.c.page->down.granted), 0);
    assert_false(atomic_load(&l.c.page->down.flags) & GS_GRANT_FREE);
    drop_page(&old);
    gs_grants_disconnect(l.session);
    gs_grants_info(l.session, &info);
    assert_false(info.connected);
    assert_int_equal(info.sched.frames, 1);
    remove_local(&l);
}

/* A frame of one that is gone is nobody's concern. */
static void test_goes_while_it_draws(void **state)
{
    struct local a, b;

    (void)state;
    add_local(&a, "goes", 0);
    add_local(&b, "stays", 0);
    for (int i = 0; i < 10; i++) {
        assert_true(fake_turns_begin(&a.c));
        fake_turns_ask(&a.c);
        gs_grants_disconnect(a.session);
        drop_page(&a);
        assert_true(fake_turns_begin(&b.c));
        fake_turns_end(&b.c);
        hand_over(&a);
    }
    remove_local(&a);
    assert_true(fake_turns_begin(&b.c));
    fake_turns_end(&b.c);
    remove_local(&b);
}

/* ---- what the kernel is told ---- */

static char *read_weight(const char *group)
{
    g_autofree char *path = g_build_filename(group, "cpu.shares", NULL);
    char *text = NULL;

    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

/* Until it was written at all. */
static unsigned long weight_of(const char *group)
{
    uint64_t deadline = gs_now_ns() + 30 * GS_NS_PER_S;
    g_autofree char *text = NULL;

    while (!text || strcmp(text, "none") == 0) {
        assert_true(gs_now_ns() < deadline);
        g_free(text);
        text = read_weight(group);
        g_usleep(1000);
    }
    return strtoul(text, NULL, 10);
}

static void add_in_group(struct local *l, const char *name, const char *group, bool weighed)
{
    const struct gs_grants_session_params p = {
        .name = name,
        .group = "",
        .gpu = "",
        .cgroups = group,
        .settings = {.weight = 300, .fps = 60, .weighed = weighed}};

    l->session = gs_grants_add(rig.grants, &p);
    hand_over(l);
}

/* Both want more than there is, one after the other. */
static void draw_by_turns(struct local *a, struct local *b, unsigned ms)
{
    for (uint64_t end = gs_now_ns() + ms * GS_NS_PER_MS; gs_now_ns() < end;) {
        assert_true(fake_turns_begin(&a->c));
        assert_true(fake_turns_begin(&b->c));
        g_usleep(4000);
        fake_turns_end(&a->c);
        fake_turns_end(&b->c);
    }
}

static void test_the_kernel_is_told(void **state)
{
    char *root = tree_create();
    g_autofree char *one = g_build_filename(root, "one", NULL);
    g_autofree char *two = g_build_filename(root, "two", NULL);
    g_autofree char *set = NULL, *end = NULL;
    struct local a, b;

    (void)state;
    tree_put(root, "one/cpu.shares", "none");
    tree_put(root, "two/cpu.shares", "none");
    add_in_group(&a, "a", one, true);
    add_in_group(&b, "b", two, false);
    tree_put(root, "one/cpu.shares", "none"); /* opened, and emptied */
    tree_put(root, "two/cpu.shares", "none");
    draw_by_turns(&a, &b, 500);
    assert_in_range(weight_of(one), 1024 * 300 / 100 / 4, 1024 * 300 / 100 * 4);
    set = read_weight(two);
    assert_string_equal(set, "none"); /* somebody said what it is to have */
    remove_local(&a);
    end = read_weight(one);
    assert_int_equal(strtoul(end, NULL, 10), 1024 * 300 / 100);
    remove_local(&b);
    tree_remove(root);
}

static void test_nobody_takes_the_page(void **state)
{
    struct local l;

    (void)state;
    add_local(&l, "closed", 0);
    close(l.sockets[1]);
    assert_int_equal(gs_grants_hand_over(l.session, l.sockets[0]), -EPIPE);
    l.sockets[1] = -1;
    remove_local(&l);
}

#define TEST(name)                                                                                 \
    cmocka_unit_test_prestate_setup_teardown(name, turns_rig_setup, turns_rig_teardown, &rig)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_alone_is_free),
        TEST(test_shares_by_weight),
        TEST(test_shares_beside_others),
        TEST(test_settings_apply_live),
        TEST(test_groups_weigh_together),
        TEST(test_devices),
        TEST(test_heart_beats_while_one_waits),
        TEST(test_sleeps_while_nothing_happens),
        TEST(test_page_is_replaced),
        TEST(test_goes_while_it_draws),
        TEST(test_the_kernel_is_told),
        TEST(test_nobody_takes_the_page),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
