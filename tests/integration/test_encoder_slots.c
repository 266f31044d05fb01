/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Workers on a machine whose hardware (a mock) takes few sessions, all together. The test is their
 * host, with the host's own schedule.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"
#include "common/clock.h"
#include "host/slots.h"
#include "tests/support/session_run.h"
#include "tests/support/worker_rig.h"

#define MOST 3

struct place {
    struct worker_rig rig;
    struct site *site;
    struct gs_slot_session *slot;
    bool started;
    unsigned wants, full, backs;
    char ended[512]; /* what the worker said */
};

struct site {
    char *dir; /* a file for each session of the hardware */
    struct gs_slots *slots;
    bool silent; /* the host says nothing */
    struct place place[MOST];
};

static struct site site;

/* ---- the machine ---- */

static void add_hardware(unsigned i)
{
    g_autofree char *path = g_strdup_printf("%s/%u", site.dir, i);

    assert_true(g_file_set_contents(path, "", 0, NULL));
}

/* limit: of the host's configuration; hardware: what there is. */
static void begin(uint32_t limit, unsigned hardware)
{
    site = (struct site){.dir = g_dir_make_tmp("gs-slots-XXXXXX", NULL)};
    site.slots = gs_slots_create(limit);
    for (unsigned i = 0; i < hardware; i++)
        add_hardware(i);
    g_setenv("GS_MOCK_NVENC_SLOTS", site.dir, TRUE);
}

static int finish(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MOST; i++) {
        if (site.place[i].started)
            worker_rig_finish(&site.place[i].rig);
    }
    gs_slots_destroy(g_steal_pointer(&site.slots));
    gs_process_remove_dir(site.dir);
    g_clear_pointer(&site.dir, g_free);
    return 0;
}

/* ---- the host ---- */

static void say_taken(struct place *p, uint32_t slots)
{
    uint8_t payload[4];
    struct gs_writer w;

    gs_writer_init(&w, payload, sizeof(payload));
    gs_write_u32(&w, slots);
    worker_rig_send(&p->rig, GS_LINK_SLOT_TAKEN, payload, sizeof(payload));
}

static void say_what_is_due(void)
{
    struct gs_slot_order o;

    while (!site.silent && gs_slots_next(site.slots, gs_now_ns(), &o)) {
        struct place *p = o.user;

        if (o.kind == GS_SLOT_ORDER_GIVE)
            worker_rig_send(&p->rig, GS_LINK_SLOT_GIVEN, NULL, 0);
        else
            say_taken(p, o.slots);
    }
}

static void hear_free(struct place *p, enum gs_slot_end how)
{
    p->full += how == GS_SLOT_END_FULL;
    p->backs += how == GS_SLOT_END_BACK;
    gs_slots_free(p->slot, how, gs_now_ns());
}

static void hear_stats(struct place *p, const char *json, size_t size)
{
    struct gs_worker_stats s;

    assert_int_equal(gs_worker_stats_from_json(json, size, &s), 0);
    gs_slots_stats(p->slot, s.viewers, s.commits, gs_now_ns());
}

static bool hear(struct worker_rig *rig, uint8_t type, const uint8_t *payload, size_t size)
{
    struct place *p = rig->others_data;
    bool ours = type == GS_LINK_SLOT_WANT || type == GS_LINK_SLOT_FREE;

    if (!p->slot) /* it is about to end */
        return ours;
    assert_true(!ours || size == 1);
    if (type == GS_LINK_SLOT_WANT) {
        p->wants++;
        gs_slots_want(p->slot, payload[0], gs_now_ns());
    } else if (type == GS_LINK_SLOT_FREE) {
        hear_free(p, (enum gs_slot_end)payload[0]);
    } else if (type == GS_LINK_STATS) {
        hear_stats(p, (const char *)payload, size);
    } else if (type == GS_LINK_ENDED) {
        g_snprintf(p->ended, sizeof(p->ended), "%.*s", (int)size, (const char *)payload);
    }
    say_what_is_due();
    return ours;
}

static int try_start(struct place *p, const char *encoder, const char *mode)
{
    g_autofree char *app = gs_program_path("gs-test-app");
    const char *const argv[] = {app, "--mode", mode, NULL};
    const struct worker_rig_params params = {.source = mode ? NULL : "pattern",
                                             .encoder = encoder,
                                             .width = 320,
                                             .height = 240,
                                             .fps = 20,
                                             .adopt = true,
                                             .argv = mode ? argv : NULL,
                                             .others = hear,
                                             .others_data = p};

    p->site = &site;
    p->started = true;
    p->slot = gs_slots_add(site.slots, 100, p, gs_now_ns());
    return worker_rig_start(&params, &p->rig);
}

static struct place *start(unsigned i, const char *mode)
{
    assert_int_equal(try_start(&site.place[i], "auto", mode), 0);
    return &site.place[i];
}

static void kill_worker(struct place *p)
{
    kill(p->rig.pid, SIGKILL);
    gs_slots_remove(g_steal_pointer(&p->slot));
}

static void stop(struct place *p)
{
    gs_slots_remove(g_steal_pointer(&p->slot));
    assert_int_equal(worker_rig_stop(&p->rig), 0);
    worker_rig_finish(&p->rig);
    p->started = false;
}

/* ---- what is seen of it ---- */

static const struct gs_worker_stats *newest(const struct place *p)
{
    const GArray *all = p->rig.stats;

    return all->len ? &g_array_index(all, struct gs_worker_stats, all->len - 1) : NULL;
}

static bool encodes(struct worker_rig *rig, void *user)
{
    const struct gs_worker_stats *s = newest(rig->others_data);

    return s && strcmp(s->encoder, user) == 0;
}

static void wait_encoder(struct place *p, const char *name)
{
    assert_true(worker_rig_wait(&p->rig, encodes, (void *)name));
}

static bool spills(struct worker_rig *rig, void *user)
{
    const struct gs_worker_stats *s = newest(rig->others_data);

    return s && strcmp(s->spilled, user) == 0;
}

static void wait_spilled(struct place *p, const char *reason)
{
    assert_true(worker_rig_wait(&p->rig, spills, (void *)reason));
}

static bool has_frames(struct worker_rig *rig, void *user)
{
    return worker_rig_frames(rig) >= *(unsigned *)user;
}

static void wait_frames(struct place *p, unsigned more)
{
    unsigned n = worker_rig_frames(&p->rig) + more;

    assert_true(worker_rig_wait(&p->rig, has_frames, &n));
}

/* From frame `from` on: none is missing, each could be decoded. Returns the IDRs. */
static unsigned check_frames(struct place *p, unsigned from)
{
    unsigned keyframes = 0, n = worker_rig_frames(&p->rig);

    for (unsigned i = from; i < n; i++) {
        struct worker_frame f = worker_rig_frame(&p->rig, i);

        assert_int_equal(f.err, 0);
        assert_false(f.discontinuity);
        assert_true(i == from || f.id == worker_rig_frame(&p->rig, i - 1).id + 1);
        keyframes += f.keyframe;
    }
    return keyframes;
}

static void check_count(uint32_t limit, uint32_t used, uint32_t wanted)
{
    struct gs_slots_count n;

    gs_slots_count(site.slots, &n);
    assert_int_equal(n.limit, limit);
    assert_int_equal(n.used, used);
    assert_int_equal(n.wanted, wanted);
}

/* ---- tests ---- */

/* Two of three get hardware, the third learns that; it gets that of one whom nobody watches any
 * more, and that one gets the place of one that died. */
static void test_three_on_two(void **state)
{
    struct place *a, *b, *c;
    unsigned again;

    (void)state;
    begin(GS_SLOTS_AUTO, 2);
    a = start(0, NULL);
    b = start(1, NULL);
    c = start(2, NULL);
    wait_encoder(a, "nvenc");
    wait_encoder(b, "nvenc");
    wait_encoder(c, "x264");
    wait_spilled(c, "all 2 encoder slots are taken");
    assert_string_equal(c->rig.said.encoder, "x264");
    assert_string_equal(newest(a)->spilled, "");
    assert_int_equal(c->full, 1);
    check_count(2, 2, 1);
    wait_frames(c, 10);
    assert_int_equal(check_frames(c, 0), 1);

    worker_rig_leave(&a->rig);
    wait_encoder(c, "nvenc");
    wait_spilled(c, "");
    wait_frames(c, 10);
    assert_int_equal(check_frames(c, 0), 2);
    assert_int_equal(a->backs, 1);
    check_count(2, 2, 1);

    /* Its viewer comes back to software. */
    again = worker_rig_frames(&a->rig);
    worker_rig_enter(&a->rig);
    wait_frames(a, 10);
    wait_encoder(a, "x264");
    wait_spilled(a, "all 2 encoder slots are taken");
    assert_int_equal(check_frames(a, again), 1);

    kill_worker(b);
    wait_encoder(a, "nvenc");
    wait_frames(a, 10);
    assert_int_equal(check_frames(a, again), 2);
    assert_int_equal(check_frames(c, 0), 2);
    check_count(2, 2, 0);
    stop(a);
    stop(c);
}

/* One that is watched, but at rest, goes over to software for one that moves: nothing is lost. */
static void test_rest_makes_room(void **state)
{
    struct place *still, *moving;
    unsigned before;

    (void)state;
    begin(1, 1);
    still = start(0, "static");
    wait_encoder(still, "nvenc");
    moving = start(1, NULL);
    assert_string_equal(moving->rig.said.encoder, "x264");
    wait_spilled(moving, "the only encoder slot is taken");
    before = worker_rig_frames(&still->rig);
    wait_encoder(moving, "nvenc");
    wait_encoder(still, "x264");
    wait_spilled(still, "the only encoder slot is taken");
    wait_frames(moving, 10);
    assert_int_equal(check_frames(moving, 0), 2);
    assert_in_range(check_frames(still, before), 0, 1);
    check_frames(still, 0);
    assert_int_equal(still->backs, 1);
    assert_int_equal(moving->backs, 0);
    check_count(1, 1, 1);
    stop(still);
    stop(moving);
}

/* A host that says nothing is not waited for. */
static void test_silent_host(void **state)
{
    struct place *p;

    (void)state;
    begin(GS_SLOTS_AUTO, 1);
    site.silent = true;
    p = start(0, NULL);
    wait_encoder(p, "x264");
    wait_spilled(p, "the host has not given an encoder slot yet");
    wait_frames(p, 5);
    site.silent = false;
    wait_encoder(p, "nvenc");
    wait_frames(p, 5);
    assert_int_equal(check_frames(p, 0), 2);
    stop(p);
}

static void test_none_to_give(void **state)
{
    struct place *p;

    (void)state;
    begin(0, 1);
    p = start(0, NULL);
    wait_encoder(p, "x264");
    wait_spilled(p, "the host gives no encoder slots");
    gs_slots_set_limit(site.slots, 2);
    wait_encoder(p, "nvenc");
    wait_spilled(p, "");
    stop(p);
}

/* By name it is hardware or nothing. */
static void test_named_is_refused(void **state)
{
    struct place *p;

    (void)state;
    begin(1, 1);
    p = start(0, NULL);
    assert_true(try_start(&site.place[1], "nvenc", NULL) < 0);
    assert_non_null(strstr(site.place[1].ended, "encoder slots are taken; try --encoder auto"));
    gs_slots_remove(g_steal_pointer(&site.place[1].slot));
    stop(p);
}

static void test_software_by_name_asks_nobody(void **state)
{
    struct place *p = &site.place[0];

    (void)state;
    begin(1, 1);
    assert_int_equal(try_start(p, "x264", NULL), 0);
    wait_encoder(p, "x264");
    wait_spilled(p, "");
    assert_int_equal(p->wants, 0);
    stop(p);
}

static void check_useless(const char *mock)
{
    struct place *p;

    begin(GS_SLOTS_AUTO, 1);
    g_setenv("GS_MOCK_NVIDIA", mock, TRUE);
    p = start(0, NULL);
    g_unsetenv("GS_MOCK_NVIDIA");
    wait_encoder(p, "x264");
    assert_true(strlen(newest(p)->spilled) > 0);
    assert_int_equal(p->wants, 1);
    check_count(GS_SLOTS_AUTO, 0, 0);
    wait_frames(p, 5);
    assert_int_equal(check_frames(p, 0), 1);
}

/* Hardware that does not encode takes no slot. */
static void test_useless_hardware(void **state)
{
    (void)state;
    check_useless("noguids");
    stop(&site.place[0]);
}

/* Where it was too small, a smaller picture is tried again. */
static void test_smaller_size(void **state)
{
    struct place *p = &site.place[0];

    (void)state;
    check_useless("small");
    worker_rig_resize(&p->rig, 128, 128);
    wait_encoder(p, "nvenc");
    wait_spilled(p, "");
    check_count(GS_SLOTS_AUTO, 1, 0);
    stop(p);
}

/* Another size is had where the hardware has no room for a second session. */
static void test_resize_keeps_the_slot(void **state)
{
    struct place *p;

    (void)state;
    begin(1, 1);
    p = start(0, NULL);
    worker_rig_resize(&p->rig, 400, 300);
    wait_frames(p, 20);
    wait_encoder(p, "nvenc");
    assert_int_equal(check_frames(p, 0), 2);
    assert_int_equal(p->full + p->backs, 0);
    stop(p);
}

/* The host may be killed and come back: what a worker has, it says. */
static void test_host_comes_back(void **state)
{
    struct place *a, *b;

    (void)state;
    begin(1, 1);
    a = start(0, NULL);
    b = start(1, NULL);
    wait_spilled(b, "the only encoder slot is taken");
    worker_host_leave(&a->rig);
    worker_host_leave(&b->rig);
    assert_int_equal(worker_host_return(&a->rig), 0);
    assert_true(worker_host_wait(&a->rig));
    assert_int_equal(worker_host_return(&b->rig), 0);
    assert_true(worker_host_wait(&b->rig));
    assert_int_equal(a->rig.host.adopt.slot, GS_SLOT_HELD);
    assert_int_equal(b->rig.host.adopt.slot, GS_SLOT_WANTED);
    assert_false(b->rig.host.adopt.slot_fixed);
    kill_worker(a);
    wait_encoder(b, "nvenc");
    wait_frames(b, 5);
    assert_int_equal(check_frames(b, 0), 2);
    stop(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_three_on_two, finish),
        cmocka_unit_test_teardown(test_rest_makes_room, finish),
        cmocka_unit_test_teardown(test_silent_host, finish),
        cmocka_unit_test_teardown(test_none_to_give, finish),
        cmocka_unit_test_teardown(test_named_is_refused, finish),
        cmocka_unit_test_teardown(test_software_by_name_asks_nobody, finish),
        cmocka_unit_test_teardown(test_useless_hardware, finish),
        cmocka_unit_test_teardown(test_smaller_size, finish),
        cmocka_unit_test_teardown(test_resize_keeps_the_slot, finish),
        cmocka_unit_test_teardown(test_host_comes_back, finish),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
