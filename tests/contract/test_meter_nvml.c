/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Claims beside the samples of a made-up libnvidia-ml. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>
#include <stdlib.h>

#include "common/clock.h"
#include "host/meter.h"
#include "tests/support/tree.h"

#define MS GS_NS_PER_MS
#define PID 101

static char *root;
static struct gs_grant_up claims;
static struct gs_meter *meter;
static uint64_t now;

static void samples(const char *text)
{
    tree_put(root, "samples", text);
}

static int setup(void **state)
{
    struct gs_meter_params params = {.gpu = "/dev/dri/renderD128", .keeper = 100, .cgroups = ""};
    g_autofree char *file = NULL;
    char *why;

    (void)state;
    root = tree_create();
    file = g_build_filename(root, "samples", NULL);
    g_setenv("GS_MOCK_NVML", file, TRUE);
    samples("");
    tree_put(root, "sys/class/drm/renderD128/device/uevent",
             "DRIVER=nvidia\nPCI_SLOT_NAME=0000:ff:1f.0\n");
    tree_put(root, "proc/100/stat", "100 (k) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 0 0 1 0 5000 0 0\n");
    tree_put(root, "proc/100/task/100/children", "101\n");
    tree_put(root, "proc/101/stat", "101 (w) S 100 1 1 0 -1 0 0 0 0 0 0 0 0 0 0 0 1 0 5000 0 0\n");
    claims = (struct gs_grant_up){0};
    params.root = root;
    params.claims = &claims;
    now = 500 * GS_NS_PER_S;
    assert_int_equal(gs_meter_create(&params, &meter, &why), 0);
    assert_string_equal(meter->impl->name, "nvml");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    gs_meter_destroy(meter);
    tree_remove(root);
    return 0;
}

/* A second in which the worker claims so much and the driver saw so much; sm < 0: nothing new. A
 * stranger is busy, too. Returns what the meter counts for it. */
static uint64_t second(uint64_t claimed, int sm)
{
    uint64_t before = gs_meter_read(meter, now), time;
    char text[256];

    for (unsigned i = 0; i < 50; i++) {
        now += 20 * MS;
        atomic_fetch_add(&claims.app_ns, claimed / 50);
        gs_meter_read(meter, now);
    }
    time = now / GS_NS_PER_US;
    g_snprintf(text, sizeof(text), "77 %" G_GUINT64_FORMAT " 90\n%d %" G_GUINT64_FORMAT " %d\n",
               time, PID, time - 500000, sm);
    if (sm >= 0)
        samples(text);
    gs_meter_look_around(meter, now);
    return gs_meter_read(meter, now) - before;
}

static void assert_near(uint64_t ns, uint64_t expected, uint64_t error)
{
    if (ns + error < expected || ns > expected + error)
        fail_msg("%" G_GUINT64_FORMAT " is not near %" G_GUINT64_FORMAT, ns, expected);
}

/* Which fences do where sessions overlap: too much is claimed. The samples say how much it was. */
static void test_too_much(void **state)
{
    uint64_t sum = 0;

    (void)state;
    for (unsigned i = 0; i < 60; i++)
        second(800 * MS, 40);
    for (unsigned i = 0; i < 10; i++)
        sum += second(800 * MS, 40);
    assert_near(sum, 4000 * MS, 100 * MS);
}

/* An application off-screen, whose worker has nothing to claim. */
static void test_too_little(void **state)
{
    uint64_t sum = 0;

    (void)state;
    for (unsigned i = 0; i < 30; i++)
        sum += second(0, 70);
    assert_near(sum, 30 * 700 * MS, 3500 * MS); /* the first do not count yet, the last not fully */
    sum = 0;
    for (unsigned i = 0; i < 10; i++)
        sum += second(0, 70);
    assert_near(sum, 7000 * MS, 200 * MS);
}

/* Without news of this session its claims count as they are; with them, nothing new is nothing. */
static void test_silence(void **state)
{
    uint64_t sum = 0;

    (void)state;
    for (unsigned i = 0; i < 10; i++)
        sum += second(500 * MS, -1);
    assert_near(sum, 5000 * MS, MS);
    second(500 * MS, 50);
    for (unsigned i = 0; i < 60; i++)
        second(500 * MS, -1);
    assert_true(second(500 * MS, -1) < 100 * MS);
}

static void test_errors(void **state)
{
    (void)state;
    second(500 * MS, 50);
    samples("error 15\n"); /* the GPU is lost */
    for (unsigned i = 0; i < 10; i++)
        assert_near(second(500 * MS, -1), 500 * MS, 10 * MS);
    samples("nonsense\n");
    second(500 * MS, -1);
}

/* What a liar claims is never more than time passed. */
static void test_liar(void **state)
{
    uint64_t before = gs_meter_read(meter, now);

    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        now += MS;
        atomic_store(&claims.own_ns, i % 3 ? UINT64_MAX : i * 7);
        atomic_fetch_add(&claims.app_ns, UINT64_MAX / 3);
        gs_meter_read(meter, now);
    }
    assert_true(gs_meter_read(meter, now) - before <= 1000 * MS);
}

/* A driver that has no samples; and a GPU that the library does not know. */
static void test_without_samples(void **state)
{
    struct gs_meter_params params = {root, "/dev/dri/renderD128", 100, "", &claims};
    struct gs_meter *m;
    char *why;

    (void)state;
    samples("error 3\n");
    assert_int_equal(gs_meter_create(&params, &m, &why), 0);
    gs_meter_look_around(m, now);
    gs_meter_destroy(m);
    tree_put(root, "sys/class/drm/renderD128/device/uevent",
             "DRIVER=nvidia\nPCI_SLOT_NAME=0000:01:00.0\n");
    assert_int_equal(gs_meter_create(&params, &m, &why), 0);
    gs_meter_look_around(m, now);
    gs_meter_destroy(m);
    g_unsetenv("GS_MOCK_NVML");
    assert_int_equal(gs_meter_create(&params, &m, &why), 0);
    gs_meter_look_around(m, now);
    gs_meter_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_too_much, setup, teardown),
        cmocka_unit_test_setup_teardown(test_too_little, setup, teardown),
        cmocka_unit_test_setup_teardown(test_silence, setup, teardown),
        cmocka_unit_test_setup_teardown(test_errors, setup, teardown),
        cmocka_unit_test_setup_teardown(test_liar, setup, teardown),
        cmocka_unit_test_setup_teardown(test_without_samples, setup, teardown),
    };

    return cmocka_run_group_tests_name("meter nvml", tests, NULL, NULL);
}
