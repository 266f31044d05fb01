/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The srtp transport and the client's receiver, through a bad network. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "client/receive/receiver.h"
#include "common/clock.h"
#include "session/transport/transport.h"
#include "tests/support/nals.h"
#include "tests/support/relay.h"

#define MAX_FRAMES 2000
#define FRAME_INTERVAL_US 4000
#define PATIENCE (20 * GS_NS_PER_S)

struct path {
    struct gs_transport *t;
    struct gs_stream *stream;
    struct gs_relay *relay;
    struct gs_receiver *rx;
    struct gs_welcome welcome;
    atomic_bool keyframe; /* wanted of the next frame */
    atomic_uint vanished;

    /* Written by the encode thread, then published by n_sent. */
    GByteArray *frames[MAX_FRAMES];
    bool is_keyframe[MAX_FRAMES];
    atomic_uint n_sent;

    /* The receiver's thread. */
    atomic_uint n_received, last_id, discontinuities, bad;
};

static void on_keyframe_wanted(void *user, struct gs_stream *stream GS_UNUSED)
{
    atomic_store(&((struct path *)user)->keyframe, true);
}

static void on_receiver_changed(void *user, struct gs_stream *stream GS_UNUSED, bool present)
{
    if (!present)
        atomic_fetch_add(&((struct path *)user)->vanished, 1);
}

static void on_access_unit(void *user, const struct gs_access_unit *au)
{
    struct path *p = user;
    uint32_t id = au->info.frame_id;
    uint32_t expected = atomic_load(&p->last_id) + 1;
    bool good = id >= expected && id <= atomic_load(&p->n_sent) + 1 && id <= MAX_FRAMES;

    if (good) {
        const GByteArray *frame = p->frames[id - 1];

        good = frame->len == au->size && memcmp(frame->data, au->data, au->size) == 0 &&
               au->keyframe == p->is_keyframe[id - 1] && au->info.input_id == id + 5 &&
               (id == expected || !atomic_load(&p->n_received) || au->discontinuity);
    }
    atomic_fetch_add(&p->bad, !good);
    atomic_fetch_add(&p->discontinuities, au->discontinuity);
    atomic_store(&p->last_id, id);
    atomic_fetch_add(&p->n_received, 1);
}

static void spin(struct path *p, uint64_t ns)
{
    uint64_t end = gs_now_ns() + ns;

    (void)p;
    while (gs_now_ns() < end)
        if (!g_main_context_iteration(NULL, FALSE))
            g_usleep(300);
}

#define SPIN_UNTIL(p, condition)                                                                   \
    do {                                                                                           \
        uint64_t give_up_ = gs_now_ns() + PATIENCE;                                                \
        while (!(condition) && gs_now_ns() < give_up_)                                             \
            spin(p, GS_NS_PER_MS);                                                                 \
        assert_true(condition);                                                                    \
    } while (0)

static void open_path(struct path *p, const struct gs_relay_params *network)
{
    static const struct gs_transport_listener listener = {on_keyframe_wanted, on_receiver_changed};
    static const struct gs_receiver_listener receiver_listener = {on_access_unit};
    const struct gs_transport_params params = {.fps = 60, .listener = &listener, .user = p};
    g_autoptr(GInetAddress) host = g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
    struct gs_relay_params relay = *network;
    struct gs_welcome welcome;

    *p = (struct path){0};
    assert_int_equal(gs_transport_create("srtp", &params, &p->t), 0);
    assert_int_equal(gs_transport_attach(p->t, true, &p->welcome, &p->stream), 0);
    relay.server_port = p->welcome.udp_port;
    assert_int_equal(gs_relay_create(&relay, &p->relay), 0);
    welcome = p->welcome;
    welcome.udp_port = gs_relay_port(p->relay);
    assert_int_equal(gs_receiver_create(host, &welcome, &receiver_listener, p, &p->rx), 0);
    gs_receiver_set_rtt(p->rx, 2 * network->delay_us * GS_NS_PER_US);
    SPIN_UNTIL(p, atomic_load(&p->keyframe));
}

static void close_path(struct path *p)
{
    gs_receiver_destroy(p->rx);
    gs_transport_destroy(p->t);
    gs_relay_destroy(p->relay);
    for (unsigned i = 0; i < p->n_sent; i++)
        g_byte_array_unref(p->frames[i]);
}

struct encoding {
    struct path *path;
    unsigned n;
    uint32_t seed;
    size_t max_size;
    atomic_bool done;
};

/* Stands for the encode thread: n frames, one each FRAME_INTERVAL_US. */
static gpointer encode(gpointer user)
{
    struct encoding *e = user;
    struct path *p = e->path;
    GRand *rand = g_rand_new_with_seed(e->seed);

    for (unsigned i = 0; i < e->n; i++) {
        uint32_t id = atomic_load(&p->n_sent) + 1;
        bool keyframe = atomic_exchange(&p->keyframe, false);
        size_t size = (size_t)g_rand_int_range(rand, 1, (int)e->max_size);
        GByteArray *au = gs_test_access_unit(rand, keyframe, keyframe ? 3 * size : size);
        const struct gs_packet packet = {au->data, au->len, keyframe, 0};
        struct gs_frame_trace trace = {.frame_id = id, .input_id = id + 5, .commit = gs_now_ns()};

        p->frames[id - 1] = au;
        p->is_keyframe[id - 1] = keyframe;
        if (gs_transport_send(p->t, &packet, &trace) < 0)
            atomic_fetch_add(&p->bad, 1);
        atomic_store(&p->n_sent, id);
        g_usleep(FRAME_INTERVAL_US);
    }
    g_rand_free(rand);
    atomic_store(&e->done, true);
    return NULL;
}

static void send_frames(struct path *p, unsigned n, size_t max_size)
{
    struct encoding e = {.path = p, .n = n, .seed = atomic_load(&p->n_sent), .max_size = max_size};
    GThread *thread = g_thread_new("encode", encode, &e);

    while (!atomic_load(&e.done))
        spin(p, GS_NS_PER_MS);
    g_thread_join(thread);
}

static struct gs_receiver_stats stats_of(struct path *p)
{
    struct gs_receiver_stats stats;

    gs_receiver_get_stats(p->rx, &stats);
    return stats;
}

/* A session answers a wish for a key frame also while its screen stands still. */
static void wait_for_last(struct path *p)
{
    uint64_t give_up = gs_now_ns() + PATIENCE;

    while (atomic_load(&p->last_id) != p->n_sent && gs_now_ns() < give_up) {
        if (atomic_load(&p->keyframe))
            send_frames(p, 1, 5000);
        spin(p, GS_NS_PER_MS);
    }
    assert_int_equal(atomic_load(&p->last_id), p->n_sent);
}

/* Everything that was sent was received as it was, or is reported as lost. */
static void check_accounts(struct path *p)
{
    struct gs_receiver_stats stats;

    wait_for_last(p);
    SPIN_UNTIL(p, stats_of(p).frames == atomic_load(&p->n_received));
    stats = stats_of(p);
    assert_int_equal(atomic_load(&p->bad), 0);
    assert_int_equal(stats.frames + stats.frames_lost, p->n_sent);
    print_message("%u frames: %u lost, %u key frames; %u packets: %u lost, %u repaired\n",
                  p->n_sent, (unsigned)stats.frames_lost, (unsigned)stats.keyframes,
                  (unsigned)stats.packets, (unsigned)stats.packets_lost,
                  (unsigned)stats.packets_repaired);
}

static void test_path_clean(void **state)
{
    struct path *p = *state;
    struct gs_receiver_stats stats;

    open_path(p, &(struct gs_relay_params){.seed = 1});
    send_frames(p, 300, 20000);
    check_accounts(p);
    stats = stats_of(p);
    assert_int_equal(stats.keyframes, 1);
    assert_int_equal(stats.rejected, 0);
    assert_int_equal(atomic_load(&p->vanished), 0);
    close_path(p);
}

static void test_path_loss_is_repaired(void **state)
{
    struct path *p = *state;
    struct gs_receiver_stats stats;

    open_path(p, &(struct gs_relay_params){.seed = 2,
                                           .loss = 0.05,
                                           .reorder = 0.02,
                                           .reorder_us = 3000,
                                           .duplicate = 0.01,
                                           .delay_us = 20000});
    send_frames(p, 600, 15000);
    /* Whatever the last frame lost comes without another frame after it. */
    check_accounts(p);
    stats = stats_of(p);
    assert_true(stats.packets_lost > 50);
    assert_true(stats.packets_repaired * 10 > stats.packets_lost * 8);
    /* 5 % each way: now and then a NACK and its repeats are all lost. */
    assert_in_range(stats.keyframes, 1, 8);
    close_path(p);
}

static void test_path_tail_loss(void **state)
{
    struct path *p = *state;
    struct gs_relay_params network = {.seed = 3, .delay_us = 1000};

    open_path(p, &network);
    send_frames(p, 5, 3000);
    check_accounts(p);
    for (unsigned i = 0; i < 5; i++) {
        /* One whole frame vanishes, and then the screen stands still. */
        network.loss = 1;
        gs_relay_set_params(p->relay, &network);
        send_frames(p, 1, i * 2000 + 2);
        network.loss = 0;
        gs_relay_set_params(p->relay, &network);
        wait_for_last(p);
    }
    check_accounts(p);
    /* By retransmission, unless this machine stood still for longer than a receiver waits. */
    assert_in_range(stats_of(p).keyframes, 1, 3);
    close_path(p);
}

static void test_path_outage(void **state)
{
    struct path *p = *state;
    struct gs_relay_params network = {.seed = 4, .delay_us = 1000};

    open_path(p, &network);
    send_frames(p, 20, 5000);
    network.loss = 1;
    gs_relay_set_params(p->relay, &network);
    send_frames(p, 200, 20000);
    network.loss = 0;
    gs_relay_set_params(p->relay, &network);
    send_frames(p, 100, 5000);
    check_accounts(p);
    assert_int_equal(atomic_load(&p->discontinuities), 1);
    assert_int_equal(stats_of(p).keyframes, 2);
    close_path(p);
}

static void test_path_garbage_is_ignored(void **state)
{
    struct path *p = *state;
    GRand *rand = g_rand_new_with_seed(5);
    uint8_t data[1500];
    unsigned injected = 0;

    open_path(p, &(struct gs_relay_params){.seed = 5});
    send_frames(p, 10, 5000);
    for (unsigned i = 0; i < 300; i++) {
        size_t size = (size_t)g_rand_int_range(rand, 0, sizeof(data));
        uint32_t ssrc = GUINT32_TO_BE(i % 2 ? p->welcome.client_ssrc : p->welcome.ssrc);

        for (size_t k = 0; k < size; k++)
            data[k] = (uint8_t)g_rand_int(rand);
        /* Many look right but for the tag. */
        if (size >= 12 && i % 3) {
            data[0] = 0x80;
            data[1] = i % 2 ? 201 : 96;
            memcpy(data + (i % 2 ? 4 : 8), &ssrc, 4);
        }
        assert_int_equal(gs_relay_inject(p->relay, GS_RELAY_TO_SERVER, data, size), 0);
        assert_int_equal(gs_relay_inject(p->relay, GS_RELAY_TO_CLIENT, data, size), 0);
        injected++;
        if (i % 20 == 0)
            send_frames(p, 1, 5000);
    }
    /* The rest looked like copies of old packets. */
    SPIN_UNTIL(p, stats_of(p).rejected > injected / 2);
    check_accounts(p);
    assert_true(stats_of(p).rejected <= injected);
    assert_int_equal(stats_of(p).frames_lost, 0);
    assert_int_equal(stats_of(p).keyframes, 1);
    assert_int_equal(atomic_load(&p->vanished), 0);
    g_rand_free(rand);
    close_path(p);
}

static void test_path_roaming(void **state)
{
    struct path *p = *state;

    open_path(p, &(struct gs_relay_params){.seed = 6, .delay_us = 1000});
    send_frames(p, 50, 5000);
    check_accounts(p);
    assert_int_equal(gs_relay_rebind(p->relay), 0);
    /* The receiver's next report tells the new address. */
    for (unsigned i = 0; i < 20 && atomic_load(&p->last_id) + 10 < p->n_sent + 20; i++)
        send_frames(p, 20, 5000);
    send_frames(p, 50, 5000);
    check_accounts(p);
    assert_int_equal(atomic_load(&p->vanished), 0);
    close_path(p);
}

static void test_path_keyframe_on_request(void **state)
{
    struct path *p = *state;

    open_path(p, &(struct gs_relay_params){.seed = 7});
    send_frames(p, 30, 5000);
    check_accounts(p);
    gs_receiver_request_keyframe(p->rx);
    SPIN_UNTIL(p, atomic_load(&p->keyframe));
    send_frames(p, 5, 5000);
    check_accounts(p);
    assert_int_equal(stats_of(p).keyframes, 2);
    assert_int_equal(atomic_load(&p->discontinuities), 1);
    close_path(p);
}

static void test_path_idle_is_quiet(void **state)
{
    struct path *p = *state;
    struct gs_relay_stats before, after;

    open_path(p, &(struct gs_relay_params){.seed = 8});
    send_frames(p, 30, 5000);
    check_accounts(p);
    /* The probes and the last reports. */
    spin(p, 400 * GS_NS_PER_MS);
    gs_relay_get_stats(p->relay, &before);
    spin(p, 600 * GS_NS_PER_MS);
    gs_relay_get_stats(p->relay, &after);
    assert_in_range(after.forwarded[GS_RELAY_TO_CLIENT] - before.forwarded[GS_RELAY_TO_CLIENT], 0,
                    2);
    assert_in_range(after.forwarded[GS_RELAY_TO_SERVER] - before.forwarded[GS_RELAY_TO_SERVER], 0,
                    2);
    close_path(p);
}

static int setup(void **state)
{
    *state = g_new0(struct path, 1);
    return 0;
}

static int teardown(void **state)
{
    g_free(*state);
    return 0;
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_path_clean),
        TEST(test_path_loss_is_repaired),
        TEST(test_path_tail_loss),
        TEST(test_path_outage),
        TEST(test_path_garbage_is_ignored),
        TEST(test_path_roaming),
        TEST(test_path_keyframe_on_request),
        TEST(test_path_idle_is_quiet),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
