/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every meter promises, in a made-up system for each way of measuring. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <glib.h>
#include <string.h>

#include "common/clock.h"
#include "tests/contract/meter_worlds.h"
#include "tests/support/tree.h"

#define STEP (200 * GS_NS_PER_MS)

static struct world world;
static const struct world_kind *kind;
static struct gs_meter *meter;

static void start(const struct world_kind *k)
{
    char *why = NULL;

    kind = k;
    print_message("%s\n", kind->name);
    world_make(&world, kind);
    if (gs_meter_create(&world.params, &meter, &why) < 0)
        fail_msg("no meter: %s", why);
    assert_null(why);
    assert_string_equal(meter->impl->name, kind->meter);
    gs_meter_read(meter, world.now);
}

static void stop(void)
{
    gs_meter_destroy(meter);
    world_remove(&world);
}

/* So much time passes, in which so much is used. */
static void use(uint64_t ns)
{
    world.now += STEP;
    world.used += ns;
    kind->say(&world);
}

static uint64_t reading(void)
{
    return gs_meter_read(meter, world.now);
}

static void assert_reads(uint64_t expected)
{
    uint64_t ns = reading();

    if (ns + kind->error < expected || ns > expected + kind->error)
        fail_msg("%s: read %" G_GUINT64_FORMAT ", not %" G_GUINT64_FORMAT, kind->name, ns,
                 expected);
}

/* From 0 on, whatever was used before. */
static void test_counts(void **state)
{
    (void)state;
    for (const struct world_kind *k = world_kinds; k->name; k++) {
        start(k);
        assert_int_equal(reading(), 0);
        for (unsigned i = 0; i < 50; i++) {
            use(i * GS_NS_PER_MS);
            if (i % 3 == 0)
                gs_meter_look_around(meter, world.now);
            assert_reads(world.used);
            assert_int_equal(reading(), reading());
        }
        stop();
    }
}

static void test_never_back(void **state)
{
    (void)state;
    for (const struct world_kind *k = world_kinds; k->name; k++) {
        uint64_t most;

        start(k);
        use(150 * GS_NS_PER_MS);
        most = reading();
        assert_reads(150 * GS_NS_PER_MS);
        world.used = 20 * GS_NS_PER_MS;
        use(0);
        assert_int_equal(reading(), most);
        gs_meter_look_around(meter, world.now);
        assert_int_equal(reading(), most);
        world.used = 170 * GS_NS_PER_MS;
        use(0);
        gs_meter_look_around(meter, world.now);
        assert_reads(170 * GS_NS_PER_MS);
        stop();
    }
}

/* What ended keeps what it used. */
static void test_vanishes(void **state)
{
    (void)state;
    for (const struct world_kind *k = world_kinds; k->name; k++) {
        uint64_t most;

        start(k);
        use(100 * GS_NS_PER_MS);
        most = reading();
        kind->vanish(&world);
        for (unsigned i = 0; i < 5; i++) {
            world.now += STEP;
            assert_int_equal(reading(), most);
            gs_meter_look_around(meter, world.now);
        }
        assert_int_equal(reading(), most);
        stop();
    }
}

static void test_garbage(void **state)
{
    static const char *const texts[] = {
        "",
        "\n\n\n",
        "-1\n",
        "usage_usec\n",
        "usage_usec -\n",
        "nonsense\n",
        "drm-driver: \ndrm-client-id:\n",
        "drm-engine-render: -5 ns\n:::\ndrm-client-id: x\n",
        "99999999999999999999999999999999\n",
        "usage_usec 99999999999999999999999999999999\n",
    };

    (void)state;
    for (const struct world_kind *k = world_kinds; k->name; k++) {
        for (size_t i = 0; k->garble && i < G_N_ELEMENTS(texts); i++) {
            uint64_t before;

            start(k);
            use(100 * GS_NS_PER_MS);
            before = reading();
            kind->garble(&world, texts[i]);
            gs_meter_look_around(meter, world.now);
            assert_true(reading() >= before);
            assert_int_equal(reading(), reading());
            stop();
        }
    }
}

/* A worker that was started again is measured in what is new with it. */
static void test_again(void **state)
{
    (void)state;
    for (const struct world_kind *k = world_kinds; k->name; k++) {
        start(k);
        use(100 * GS_NS_PER_MS);
        reading();
        kind->vanish(&world);
        gs_meter_look_around(meter, world.now);
        world.used = 0;
        kind->say(&world);
        gs_meter_set_claims(meter, &world.claims);
        gs_meter_look_around(meter, world.now);
        reading();
        use(30 * GS_NS_PER_MS);
        gs_meter_look_around(meter, world.now);
        assert_true(reading() >= 130 * GS_NS_PER_MS - kind->error);
        assert_true(reading() <= 131 * GS_NS_PER_MS);
        stop();
    }
}

/* Nothing to measure by: every kind says why. */
static void test_refusals(void **state)
{
    static const char *const gpus[] = {"", "/dev/dri/renderD128", "nonsense", "../../x"};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(gpus); i++) {
        g_autofree char *why = NULL;
        char *root = tree_create();
        struct gs_meter_params params = {root, gpus[i], 100, "/nonexistent::", NULL};
        struct gs_meter *m = NULL;

        assert_int_equal(gs_meter_create(&params, &m, &why), -ENOTSUP);
        assert_null(m);
        for (unsigned n = 0; gs_meter_impls[n]; n++) {
            g_autofree char *said = g_strconcat(gs_meter_impls[n]->name, ": ", NULL);

            assert_non_null(strstr(why, said));
        }
        tree_remove(root);
    }
    gs_meter_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),   cmocka_unit_test(test_never_back),
        cmocka_unit_test(test_vanishes), cmocka_unit_test(test_again),
        cmocka_unit_test(test_garbage),  cmocka_unit_test(test_refusals),
    };

    return cmocka_run_group_tests_name("meter", tests, NULL, NULL);
}
