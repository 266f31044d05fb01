/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A session's parts when a resize cannot be done, and when it can. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <glib.h>
#include <string.h>

#include "session/parts.h"

struct listener {
    unsigned n_damaged;
};

static void on_damaged(void *user, uint64_t commit_ns)
{
    (void)commit_ns;
    ((struct listener *)user)->n_damaged++;
}

static void on_frame_wanted(void *user)
{
    (void)user;
}

static void on_keyframe_wanted(void *user, struct gs_stream *stream)
{
    (void)user;
    (void)stream;
}

static void on_receiver_changed(void *user, struct gs_stream *stream, bool present)
{
    (void)user;
    (void)stream;
    (void)present;
}

static void on_failed(void *user, const char *reason)
{
    (void)user;
    fail_msg("%s", reason);
}

static const struct gs_source_listener source_listener = {.damaged = on_damaged,
                                                          .frame_wanted = on_frame_wanted};
static const struct gs_transport_listener transport_listener = {on_keyframe_wanted,
                                                                on_receiver_changed};

static void assert_size(const struct gs_parts *p, uint32_t width, uint32_t height)
{
    assert_int_equal(p->source->params.width, width);
    assert_int_equal(p->source->params.height, height);
    assert_int_equal(p->converter->width, width);
    assert_int_equal(p->converter->height, height);
    assert_int_equal(p->encoder->params.width, gs_nv12_side(width));
    assert_int_equal(p->encoder->params.height, gs_nv12_side(height));
}

static void test_parts_resize(void **state)
{
    char *no_argv[] = {NULL};
    struct gs_worker_config c = {.session = "s",
                                 .width = 320,
                                 .height = 200,
                                 .fps = 60,
                                 .encoder = "x264",
                                 .source = "pattern",
                                 .bind_address = "127.0.0.1",
                                 .udp_first = GS_PROTO_UDP_FIRST,
                                 .udp_last = GS_PROTO_UDP_LAST,
                                 .argv = no_argv};
    struct gs_worker_config other = c;
    struct listener heard = {0};
    const struct gs_parts_params params = {.config = &c,
                                           .source_listener = &source_listener,
                                           .transport_listener = &transport_listener,
                                           .failed = on_failed,
                                           .user = &heard};
    struct gs_parts p = {0};
    struct gs_encoder *encoder;
    struct gs_converter *converter;
    char *reason = NULL;

    (void)state;
    assert_int_equal(gs_parts_build(&p, &params, &reason), 0);
    assert_size(&p, 320, 200);
    encoder = p.encoder;
    converter = p.converter;

    other.width = 401;
    g_strlcpy(other.encoder, "nothing", sizeof(other.encoder));
    assert_int_equal(gs_parts_resize(&p, &other, &reason), -ENOENT);
    assert_non_null(strstr(reason, "nothing"));
    g_clear_pointer(&reason, g_free);
    g_strlcpy(other.encoder, "x264", sizeof(other.encoder));
    g_strlcpy(other.converter, "nothing", sizeof(other.converter));
    assert_int_equal(gs_parts_resize(&p, &other, &reason), -ENOENT);
    g_clear_pointer(&reason, g_free);
    assert_ptr_equal(p.encoder, encoder);
    assert_ptr_equal(p.converter, converter);
    assert_size(&p, 320, 200);

    other.converter[0] = '\0';
    assert_int_equal(gs_parts_resize(&p, &other, &reason), 0);
    assert_size(&p, 401, 200);
    while (!heard.n_damaged)
        g_main_context_iteration(NULL, TRUE);
    gs_parts_finish(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts_resize),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
