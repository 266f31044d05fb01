/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every transport promises (session/transport/transport.h). */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "client/receive/receiver.h"
#include "common/clock.h"
#include "session/transport/transport.h"
#include "tests/support/nals.h"

#define PATIENCE (10 * GS_NS_PER_S)

/* What a receiver got. */
struct got {
    pthread_mutex_t lock;
    GByteArray *data;
};

struct fixture {
    struct gs_transport *t;
    GThread *main;
    char *path;
    unsigned keyframes_wanted, appeared, vanished;
    struct got got[3]; /* by their receivers; the first one also by the file */
};

static void on_keyframe_wanted(void *user, struct gs_stream *stream)
{
    struct fixture *f = user;

    assert_ptr_equal(g_thread_self(), f->main);
    assert_true(stream->present);
    f->keyframes_wanted++;
}

static void on_receiver_changed(void *user, struct gs_stream *stream, bool present)
{
    struct fixture *f = user;

    assert_ptr_equal(g_thread_self(), f->main);
    assert_int_equal(stream->present, present);
    if (present)
        f->appeared++;
    else
        f->vanished++;
}

static const struct gs_transport_listener listener = {on_keyframe_wanted, on_receiver_changed};

static int open_transport(struct fixture *f, const char *name)
{
    const struct gs_transport_params params = {
        .fps = 60,
        .receivers = 3,
        .bind_address = "127.0.0.1",
        .path = f->path,
        .listener = &listener,
        .user = f,
    };

    return gs_transport_create(name, &params, &f->t);
}

static void on_access_unit(void *user, const struct gs_access_unit *au)
{
    struct got *got = user;

    pthread_mutex_lock(&got->lock);
    g_byte_array_append(got->data, au->data, (guint)au->size);
    pthread_mutex_unlock(&got->lock);
}

/* srtp needs somebody on the other side. */
static struct gs_receiver *connect_receiver(struct fixture *f, unsigned i,
                                            const struct gs_welcome *welcome)
{
    static const struct gs_receiver_listener receiver_listener = {on_access_unit};
    g_autoptr(GInetAddress) host = g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
    struct gs_receiver *rx;

    if (strcmp(f->t->impl->name, "srtp") != 0)
        return NULL;
    assert_int_equal(gs_receiver_create(host, welcome, &receiver_listener, &f->got[i], &rx), 0);
    return rx;
}

static void iterate_until(const unsigned *count, unsigned wanted)
{
    uint64_t end = gs_now_ns() + PATIENCE;

    while (*count < wanted && gs_now_ns() < end)
        if (!g_main_context_iteration(NULL, FALSE))
            g_usleep(200);
    assert_true(*count >= wanted);
}

static size_t received_size(struct fixture *f, unsigned i)
{
    g_autofree char *text = NULL;
    gsize size = 0;

    if (strcmp(f->t->impl->name, "file") == 0) {
        assert_true(g_file_get_contents(f->path, &text, &size, NULL));
        g_byte_array_set_size(f->got[i].data, 0);
        g_byte_array_append(f->got[i].data, (const guint8 *)text, (guint)size);
    }
    pthread_mutex_lock(&f->got[i].lock);
    size = f->got[i].data->len;
    pthread_mutex_unlock(&f->got[i].lock);
    return size;
}

struct sending {
    struct gs_transport *t;
    GByteArray *sent;
};

static gpointer send_frames(gpointer user)
{
    struct sending *s = user;
    GRand *rand = g_rand_new_with_seed(3);

    for (uint32_t i = 0; i < 20; i++) {
        GByteArray *au = gs_test_access_unit(rand, i == 0, 1 + 700 * i);
        const struct gs_packet packet = {au->data, au->len, i == 0, 0};
        struct gs_frame_trace trace = {.frame_id = i + 1, .commit = gs_now_ns()};

        assert_int_equal(gs_transport_send(s->t, &packet, &trace), 0);
        assert_true(trace.first_packet >= trace.commit);
        assert_true(trace.last_packet >= trace.first_packet);
        g_byte_array_append(s->sent, au->data, au->len);
        g_byte_array_unref(au);
    }
    g_rand_free(rand);
    return NULL;
}

static void forget_received(struct fixture *f)
{
    f->appeared = f->vanished = f->keyframes_wanted = 0;
    for (size_t i = 0; i < GS_ARRAY_SIZE(f->got); i++)
        g_byte_array_set_size(f->got[i].data, 0);
}

/* To the receivers whose bits are set in `to`. */
static void check_carries_frames(struct fixture *f, unsigned to)
{
    struct sending s = {f->t, g_byte_array_new()};
    uint64_t end = gs_now_ns() + PATIENCE;

    g_thread_join(g_thread_new("encode", send_frames, &s));
    for (unsigned i = 0; i < GS_ARRAY_SIZE(f->got); i++) {
        if (!(to & 1u << i) || strcmp(f->t->impl->name, "null") == 0)
            continue;
        while (received_size(f, i) < s.sent->len && gs_now_ns() < end)
            if (!g_main_context_iteration(NULL, FALSE))
                g_usleep(200);
        assert_int_equal(f->got[i].data->len, s.sent->len);
        assert_memory_equal(f->got[i].data->data, s.sent->data, s.sent->len);
    }
    g_byte_array_unref(s.sent);
}

static void test_attach_carries_frames(void **state)
{
    struct fixture *f = *state;

    for (unsigned i = 0; gs_transport_impls[i]; i++) {
        struct gs_welcome welcome = {.udp_port = 1};
        struct gs_stream *stream;
        struct gs_receiver *rx;

        forget_received(f);
        assert_int_equal(open_transport(f, gs_transport_impls[i]->name), 0);
        assert_string_equal(f->t->impl->name, gs_transport_impls[i]->name);
        assert_int_equal(gs_transport_attach(f->t, true, &welcome, &stream), 0);
        assert_true(stream->first);
        assert_false(stream->present);
        /* Nothing is said from inside the call. */
        assert_int_equal(f->appeared, 0);
        rx = connect_receiver(f, 0, &welcome);
        iterate_until(&f->appeared, 1);
        iterate_until(&f->keyframes_wanted, 1);
        assert_int_equal(f->t->keyframe_sent, 0);
        check_carries_frames(f, 1);
        assert_int_not_equal(f->t->keyframe_sent, 0);
        gs_transport_detach(f->t, stream);
        gs_transport_destroy(f->t);
        gs_receiver_destroy(rx);
    }
}

static void test_counters(void **state)
{
    struct fixture *f = *state;

    for (unsigned i = 0; gs_transport_impls[i]; i++) {
        struct gs_transport_counters before, after;
        struct gs_welcome welcome;
        struct gs_stream *stream;
        struct gs_receiver *rx;

        forget_received(f);
        assert_int_equal(open_transport(f, gs_transport_impls[i]->name), 0);
        check_carries_frames(f, 0);
        gs_transport_counters(f->t, &before);
        assert_int_equal(before.dropped_frames, 20);
        assert_int_equal(gs_transport_attach(f->t, true, &welcome, &stream), 0);
        rx = connect_receiver(f, 0, &welcome);
        iterate_until(&f->appeared, 1);
        check_carries_frames(f, strcmp(f->t->impl->name, "srtp") == 0);
        gs_transport_detach(f->t, stream);
        /* What was sent to those who are gone stays counted. */
        gs_transport_counters(f->t, &after);
        assert_int_equal(after.dropped_frames, 20);
        assert_true(after.packets >= before.packets + 20);
        assert_true(after.bytes > before.bytes + 700 * 19 * 10);
        gs_transport_destroy(f->t);
        gs_receiver_destroy(rx);
    }
}

static void test_send_to_nobody(void **state)
{
    static const uint8_t au[] = {0, 0, 1, 0x65, 1};
    const struct gs_packet packet = {au, sizeof(au), true, 0};
    struct fixture *f = *state;
    struct gs_welcome welcome;

    for (unsigned i = 0; gs_transport_impls[i]; i++) {
        struct gs_frame_trace trace = {.frame_id = 1, .commit = gs_now_ns()};
        struct gs_stream *stream;

        assert_int_equal(open_transport(f, gs_transport_impls[i]->name), 0);
        assert_int_equal(gs_transport_send(f->t, &packet, &trace), 0);
        assert_int_equal(gs_transport_attach(f->t, true, &welcome, &stream), 0);
        assert_int_equal(gs_transport_send(f->t, &packet, &trace), 0);
        gs_transport_detach(f->t, stream);
        assert_int_equal(gs_transport_send(f->t, &packet, &trace), 0);
        gs_transport_destroy(f->t);
    }
}

static void test_destroy_while_attached(void **state)
{
    struct fixture *f = *state;
    struct gs_welcome welcome;
    struct gs_stream *stream;

    f->appeared = 0;
    for (unsigned i = 0; gs_transport_impls[i]; i++) {
        assert_int_equal(open_transport(f, gs_transport_impls[i]->name), 0);
        assert_int_equal(gs_transport_attach(f->t, true, &welcome, &stream), 0);
        gs_transport_destroy(f->t);
    }
    while (g_main_context_iteration(NULL, FALSE))
        continue;
    assert_int_equal(f->appeared, 0);
    gs_transport_destroy(NULL);
}

static void test_attach_too_many(void **state)
{
    struct fixture *f = *state;

    for (unsigned i = 0; gs_transport_impls[i]; i++) {
        struct gs_stream *streams[3], *more;
        struct gs_welcome welcome;
        unsigned n = 0;

        assert_int_equal(open_transport(f, gs_transport_impls[i]->name), 0);
        while (n < 3 && gs_transport_attach(f->t, n == 0, &welcome, &streams[n]) == 0)
            n++;
        assert_int_equal(n, strcmp(f->t->impl->name, "srtp") == 0 ? 3 : 1);
        assert_int_equal(gs_transport_attach(f->t, true, &welcome, &more), -EBUSY);
        gs_transport_detach(f->t, streams[0]);
        assert_int_equal(gs_transport_attach(f->t, true, &welcome, &more), 0);
        gs_transport_destroy(f->t);
    }
}

static void check_all_differ(const struct gs_welcome *a, const struct gs_welcome *b)
{
    assert_int_equal(a->udp_port, b->udp_port);
    assert_int_not_equal(a->ssrc, b->ssrc);
    assert_int_not_equal(a->client_ssrc, b->client_ssrc);
    assert_memory_not_equal(a->host_key, b->host_key, GS_SRTP_KEY_SIZE);
    assert_memory_not_equal(a->client_key, b->client_key, GS_SRTP_KEY_SIZE);
    assert_memory_not_equal(b->host_key, b->client_key, GS_SRTP_KEY_SIZE);
}

static void test_several_receivers(void **state)
{
    struct fixture *f = *state;
    struct gs_stream *streams[3];
    struct gs_receiver *rx[3];
    struct gs_welcome w[3];

    assert_int_equal(open_transport(f, NULL), 0);
    assert_string_equal(f->t->impl->name, "srtp");
    forget_received(f);
    /* The one that is sent first need not be there first. */
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(gs_transport_attach(f->t, i == 1, &w[i], &streams[i]), 0);
        rx[i] = connect_receiver(f, i, &w[i]);
        iterate_until(&f->appeared, i + 1);
        iterate_until(&f->keyframes_wanted, i + 1);
    }
    check_all_differ(&w[0], &w[1]);
    check_all_differ(&w[1], &w[2]);
    check_carries_frames(f, 7);
    /* One is sent away, one goes with a good-bye: the third notices nothing. */
    gs_transport_detach(f->t, streams[1]);
    gs_receiver_destroy(rx[0]);
    iterate_until(&f->vanished, 1);
    assert_false(streams[0]->present);
    g_byte_array_set_size(f->got[2].data, 0);
    check_carries_frames(f, 4);
    assert_int_equal(f->vanished, 1);
    gs_receiver_destroy(rx[1]);
    gs_receiver_destroy(rx[2]);
    gs_transport_destroy(f->t);
}

static void test_attach_anew(void **state)
{
    struct fixture *f = *state;
    struct gs_welcome a = {0}, b = {0};
    struct gs_receiver *rx_a, *rx_b;
    struct gs_stream *stream;

    assert_int_equal(open_transport(f, "srtp"), 0);
    forget_received(f);
    assert_int_equal(gs_transport_attach(f->t, true, &a, &stream), 0);
    rx_a = connect_receiver(f, 0, &a);
    iterate_until(&f->appeared, 1);
    gs_transport_detach(f->t, stream);
    assert_int_equal(gs_transport_attach(f->t, true, &b, &stream), 0);
    check_all_differ(&a, &b);
    /* The receiver of the stream before is a stranger now; the new one is served. */
    rx_b = connect_receiver(f, 1, &b);
    iterate_until(&f->appeared, 2);
    iterate_until(&f->keyframes_wanted, 2);
    check_carries_frames(f, 2);
    assert_int_equal(f->got[0].data->len, 0);
    assert_int_equal(f->appeared, 2);
    assert_int_equal(f->vanished, 0);
    /* It says good-bye when it goes. */
    gs_receiver_destroy(rx_b);
    iterate_until(&f->vanished, 1);
    gs_receiver_destroy(rx_a);
    gs_transport_destroy(f->t);
}

static void test_create_refusals(void **state)
{
    struct fixture *f = *state;
    struct gs_transport_params params = {.listener = &listener, .bind_address = "nowhere"};
    struct gs_transport *t;

    assert_int_equal(gs_transport_create("pigeon", &params, &t), -ENOENT);
    assert_int_equal(gs_transport_create("srtp", &params, &t), -EINVAL);
    assert_int_equal(gs_transport_create("file", &params, &t), -EINVAL);
    params.path = "/nonexistent/file";
    assert_int_equal(gs_transport_create("file", &params, &t), -ENOENT);
    (void)f;
}

static void test_send_no_nal_unit(void **state)
{
    const struct gs_packet empty = {(const uint8_t *)"", 0, true, 0};
    struct fixture *f = *state;
    struct gs_frame_trace trace = {.commit = 1};
    struct gs_welcome welcome;
    struct gs_stream *stream;
    struct gs_receiver *rx;

    f->appeared = 0;
    assert_int_equal(open_transport(f, "srtp"), 0);
    assert_int_equal(gs_transport_attach(f->t, true, &welcome, &stream), 0);
    rx = connect_receiver(f, 0, &welcome);
    iterate_until(&f->appeared, 1);
    assert_int_equal(gs_transport_send(f->t, &empty, &trace), -EINVAL);
    gs_receiver_destroy(rx);
    gs_transport_destroy(f->t);
}

static int setup(void **state)
{
    static struct fixture f;
    g_autofree char *dir = g_dir_make_tmp("gs-transport-XXXXXX", NULL);

    f.path = g_build_filename(dir, "stream.h264", NULL);
    f.main = g_thread_self();
    for (size_t i = 0; i < GS_ARRAY_SIZE(f.got); i++) {
        f.got[i].data = g_byte_array_new();
        pthread_mutex_init(&f.got[i].lock, NULL);
    }
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    g_autofree char *dir = g_path_get_dirname(f->path);

    g_unlink(f->path);
    g_rmdir(dir);
    g_free(f->path);
    for (size_t i = 0; i < GS_ARRAY_SIZE(f->got); i++) {
        g_byte_array_unref(f->got[i].data);
        pthread_mutex_destroy(&f->got[i].lock);
    }
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attach_carries_frames), cmocka_unit_test(test_counters),
        cmocka_unit_test(test_send_to_nobody),        cmocka_unit_test(test_destroy_while_attached),
        cmocka_unit_test(test_attach_too_many),       cmocka_unit_test(test_several_receivers),
        cmocka_unit_test(test_attach_anew),           cmocka_unit_test(test_create_refusals),
        cmocka_unit_test(test_send_no_nal_unit),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
