/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the srtp transport costs: processor time of the sending thread for a frame, for each size of
 * frame and number of receivers, which take turns. Over the loopback, where the kernel hands a
 * datagram to its receiver within the call that sends it. */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/receive/receiver.h"
#include "common/clock.h"
#include "session/transport/transport.h"
#include "tests/support/nals.h"

#define MOST 8
#define PAUSE_US 1000 /* between frames, so that no socket overflows */

static int opt_frames = 200, opt_repeats = 5;

static const GOptionEntry options[] = {
    {"frames", 0, 0, G_OPTION_ARG_INT, &opt_frames, "in a run", "N"},
    {"repeats", 0, 0, G_OPTION_ARG_INT, &opt_repeats, "runs of each", "N"},
    {0},
};

static const size_t sizes[] = {3000, 12000, 60000};
static const unsigned numbers[] = {1, 2, 4, MOST};

struct bench {
    struct gs_transport *t;
    unsigned present, n;
    struct gs_stream *streams[MOST];
    struct gs_receiver *rx[MOST];
    uint32_t frame_id;
};

static void fail(const char *why)
{
    fprintf(stderr, "bench_send: %s\n", why);
    exit(1);
}

static void on_keyframe_wanted(void *user GS_UNUSED, struct gs_stream *stream GS_UNUSED)
{
}

static void on_receiver_changed(void *user, struct gs_stream *stream GS_UNUSED, bool present)
{
    ((struct bench *)user)->present += present ? 1u : -1u;
}

static void on_access_unit(void *user GS_UNUSED, const struct gs_access_unit *au GS_UNUSED)
{
}

static void set_receivers(struct bench *b, unsigned n)
{
    static const struct gs_receiver_listener listener = {.access_unit = on_access_unit};
    g_autoptr(GInetAddress) host = g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);

    for (; b->n < n; b->n++) {
        struct gs_welcome w = {0};

        if (gs_transport_attach(b->t, b->n == 0, &w, &b->streams[b->n]) < 0 ||
            gs_receiver_create(host, &w, &listener, b, &b->rx[b->n]) < 0)
            fail("no receiver");
    }
    for (; b->n > n; b->n--) {
        gs_receiver_destroy(b->rx[b->n - 1]);
        gs_transport_detach(b->t, b->streams[b->n - 1]);
    }
    while (g_main_context_iteration(NULL, FALSE))
        continue;
    for (unsigned i = 0; i < n; i++)
        while (!b->streams[i]->present)
            g_main_context_iteration(NULL, TRUE);
}

static uint64_t thread_ns(void)
{
    return gs_clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

/* µs a frame. */
static double run(struct bench *b, const GByteArray *au)
{
    uint64_t spent = 0;

    for (int i = 0; i < opt_frames; i++) {
        const struct gs_packet packet = {au->data, au->len, i == 0, 0};
        struct gs_frame_trace trace = {.frame_id = ++b->frame_id, .commit = gs_now_ns()};
        uint64_t begin = thread_ns();

        if (gs_transport_send(b->t, &packet, &trace) < 0)
            fail("a frame was not sent");
        spent += thread_ns() - begin;
        while (g_main_context_iteration(NULL, FALSE))
            continue;
        g_usleep(PAUSE_US);
    }
    return (double)spent / 1e3 / opt_frames;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void report(GArray *us[], size_t size)
{
    double one = 0;

    printf("%zu bytes a frame:", size);
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        double median;

        g_array_sort(us[i], compare);
        median = g_array_index(us[i], double, us[i]->len / 2);
        one = i == 0 ? median : one;
        printf(" %u: %.1f us", numbers[i], median);
        if (i)
            printf(" (each more %.1f)", (median - one) / (numbers[i] - 1));
        g_array_set_size(us[i], 0);
    }
    printf("\n");
}

int main(int argc, char **argv)
{
    static const struct gs_transport_listener listener = {on_keyframe_wanted, on_receiver_changed};
    g_autoptr(GOptionContext) context = g_option_context_new("- what sending a frame costs");
    struct bench b = {0};
    const struct gs_transport_params params = {.fps = 60,
                                               .receivers = MOST,
                                               .bind_address = "127.0.0.1",
                                               .listener = &listener,
                                               .user = &b};
    g_autoptr(GRand) rand = g_rand_new_with_seed(1);
    GArray *us[G_N_ELEMENTS(numbers)];

    g_option_context_add_main_entries(context, options, NULL);
    if (!g_option_context_parse(context, &argc, &argv, NULL))
        fail("wrong usage, see --help");
    if (gs_transport_create("srtp", &params, &b.t) < 0)
        fail("no transport");
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
        us[i] = g_array_new(FALSE, FALSE, sizeof(double));
    for (size_t s = 0; s < G_N_ELEMENTS(sizes); s++) {
        GByteArray *au = gs_test_access_unit(rand, true, sizes[s]);

        for (int r = 0; r < opt_repeats; r++) {
            for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
                double result;

                set_receivers(&b, numbers[i]);
                result = run(&b, au);
                g_array_append_val(us[i], result);
            }
        }
        report(us, au->len);
        g_byte_array_unref(au);
    }
    set_receivers(&b, 0);
    gs_transport_destroy(b.t);
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
        g_array_unref(us[i]);
    return 0;
}
