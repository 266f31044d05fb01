/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The assembler against a network that loses, reorders and duplicates: every frame is accounted
 * for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/assemble_bench.h"

struct event {
    uint64_t due;
    unsigned index;
};

static gint by_due(gconstpointer a, gconstpointer b, gpointer user)
{
    const struct event *x = a, *y = b;

    (void)user;
    /* After those that are due at the same time. */
    return x->due <= y->due ? -1 : 1;
}

struct network {
    double loss, reorder, duplicate;
    uint64_t delay;
    GQueue queue; /* struct event */
};

static void transmit(struct bench *b, struct network *net, unsigned index)
{
    unsigned copies = g_rand_double(b->rand) < net->duplicate ? 2 : 1;

    for (unsigned i = 0; i < copies; i++) {
        struct event *e = g_new(struct event, 1);

        *e = (struct event){b->now + net->delay, index};
        if (g_rand_double(b->rand) < net->reorder)
            e->due += (uint64_t)g_rand_int_range(b->rand, 1, 10) * MS;
        if (g_rand_double(b->rand) < net->loss)
            g_free(e);
        else
            g_queue_insert_sorted(&net->queue, e, by_due, NULL);
    }
}

static void arrive(struct bench *b, struct network *net)
{
    struct event *e;

    while ((e = g_queue_peek_head(&net->queue)) && e->due <= b->now) {
        bench_push(b, e->index);
        g_free(g_queue_pop_head(&net->queue));
    }
}

/* One tick is a millisecond; a frame each 10; the way back takes no time and loses nothing. */
static void run_network(struct bench *b, struct network *net, unsigned ticks, bool *keyframe)
{
    for (unsigned t = 0; t < ticks; t++, b->now += MS) {
        if (t % 10 == 0) {
            size_t size = 1u << g_rand_int_range(b->rand, 1, 15);

            for (unsigned i = bench_make_frame(b, *keyframe, size); i < b->packets->len; i++)
                transmit(b, net, i);
            *keyframe = false;
        }
        arrive(b, net);
        bench_poll(b);
        for (unsigned i = 0; i < b->wish.n_nacks; i++) {
            /* The nearest packet that was sent with that number. */
            unsigned index = (uint16_t)(b->wish.nacks[i] - b->first_seq);

            while (index + 65536 < b->packets->len)
                index += 65536;
            if (index < b->packets->len)
                transmit(b, net, index);
        }
        *keyframe |= b->wish.pli;
    }
}

static void check_network(uint32_t seed, double loss)
{
    struct network net = {.loss = loss, .reorder = 0.1, .duplicate = 0.05, .delay = 10 * MS};
    struct gs_receiver_stats stats;
    bool keyframe = true;
    struct bench b;

    bench_init(&b, seed, (uint16_t)(seed * 12345));
    g_queue_init(&net.queue);
    run_network(&b, &net, 3000, &keyframe);
    /* Then all is well again, and so everything comes to rest. */
    net.loss = 0;
    run_network(&b, &net, 500, &keyframe);
    for (unsigned t = 0; t < 300; t++, b.now += MS) {
        arrive(&b, &net);
        bench_poll(&b);
    }
    stats = bench_stats(&b);
    assert_int_equal(b.last_id, b.frames->len);
    assert_int_equal(stats.frames, b.delivered);
    assert_int_equal(stats.frames + stats.frames_lost, b.frames->len);
    assert_true(stats.packets_repaired <= stats.packets_lost);
    if (loss > 0 && loss <= 0.05) {
        assert_true(stats.packets_repaired > 0);
        assert_in_range(stats.keyframes, 1, 3);
    }
    g_queue_clear_full(&net.queue, g_free);
    bench_clear(&b);
}

static void test_network_every_frame_accounted(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 8; seed++) {
        check_network(seed, 0);
        check_network(seed, 0.01);
        check_network(seed, 0.05);
        check_network(seed, 0.4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_network_every_frame_accounted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
