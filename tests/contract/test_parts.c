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

static void on_frame_wanted(void *user, bool keeps)
{
    (void)user;
    (void)keeps;
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

static char *no_argv[] = {NULL};
static struct listener heard;

static struct gs_worker_config config_of(const char *encoder, uint32_t width, uint32_t height)
{
    struct gs_worker_config c = {.session = "s",
                                 .width = width,
                                 .height = height,
                                 .fps = 60,
                                 .source = "pattern",
                                 .bind_address = "127.0.0.1",
                                 .udp_first = GS_PROTO_UDP_FIRST,
                                 .udp_last = GS_PROTO_UDP_LAST,
                                 .argv = no_argv};

    g_strlcpy(c.encoder, encoder, sizeof(c.encoder));
    return c;
}

static int try_build(struct gs_parts *p, const struct gs_worker_config *c, char **ret_reason)
{
    const struct gs_parts_params params = {.config = c,
                                           .source_listener = &source_listener,
                                           .transport_listener = &transport_listener,
                                           .failed = on_failed,
                                           .user = &heard};

    *p = (struct gs_parts){0};
    heard = (struct listener){0};
    return gs_parts_build(p, &params, ret_reason);
}

static void build(struct gs_parts *p, const struct gs_worker_config *c)
{
    char *reason = NULL;

    if (try_build(p, c, &reason) < 0)
        fail_msg("%s", reason);
    assert_size(p, c->width, c->height);
}

static void assert_resize_fails(struct gs_parts *p, const struct gs_worker_config *to, int err,
                                const char *says)
{
    char *reason = NULL;

    assert_int_equal(gs_parts_renew(p, to, &reason), err);
    assert_non_null(strstr(reason, says));
    g_free(reason);
}

static void assert_resizes(struct gs_parts *p, const struct gs_worker_config *to)
{
    char *reason = NULL;

    if (gs_parts_renew(p, to, &reason) < 0)
        fail_msg("%s", reason);
    assert_size(p, to->width, to->height);
}

static void test_parts_resize(void **state)
{
    const struct gs_worker_config c = config_of("x264", 320, 200);
    struct gs_worker_config other = config_of("nothing", 401, 200);
    struct gs_encoder *encoder;
    struct gs_converter *converter;
    struct gs_parts p;

    (void)state;
    build(&p, &c);
    encoder = p.encoder;
    converter = p.converter;
    assert_resize_fails(&p, &other, -ENOENT, "nothing");
    g_strlcpy(other.encoder, "x264", sizeof(other.encoder));
    g_strlcpy(other.converter, "nothing", sizeof(other.converter));
    assert_resize_fails(&p, &other, -ENOENT, "nothing");
    assert_ptr_equal(p.encoder, encoder);
    assert_ptr_equal(p.converter, converter);
    assert_size(&p, 320, 200);
    other.converter[0] = '\0';
    assert_resizes(&p, &other);
    while (!heard.n_damaged)
        g_main_context_iteration(NULL, TRUE);
    gs_parts_finish(&p);
}

/* ---- where NVENC takes one session ---- */

static bool mock_nvidia(void)
{
    const char *path = g_getenv("LD_LIBRARY_PATH");

    return path && strstr(path, "/mock");
}

/* A session never draws with another GPU than the one that it was given. */
static void test_gpu_missing(void **state)
{
    struct gs_worker_config c = config_of("x264", 320, 240);
    struct gs_parts parts;
    g_autofree char *reason = NULL;

    (void)state;
    g_strlcpy(c.gpu, "/dev/dri/renderD999", sizeof(c.gpu));
    assert_int_equal(try_build(&parts, &c, &reason), -ENODEV);
    assert_non_null(strstr(reason, "the GPU /dev/dri/renderD999 cannot be drawn with"));
    assert_string_equal(parts.gpu, "");
    gs_parts_finish(&parts);
}

static void nvidia_lacks(const char *what)
{
    g_setenv("GS_MOCK_NVIDIA", what, TRUE);
}

static void assert_encoder(const struct gs_parts *p, const char *name)
{
    struct gs_encoder_surface surface;

    assert_string_equal(p->encoder->impl->name, name);
    assert_int_equal(gs_encoder_surface(p->encoder, &surface),
                     strcmp(name, "nvenc") ? -ENOTSUP : 0);
}

static void test_limit_keeps_the_kind(void **state)
{
    static const char *const asked[] = {"", "nvenc"};

    (void)state;
    if (!mock_nvidia())
        skip();
    nvidia_lacks("one");
    for (size_t i = 0; i < GS_ARRAY_SIZE(asked); i++) {
        const struct gs_worker_config c = config_of(asked[i], 320, 200);
        const struct gs_worker_config other = config_of(asked[i], 402, 300);
        struct gs_parts p;

        build(&p, &c);
        assert_encoder(&p, "nvenc");
        for (unsigned n = 0; n < 3; n++) {
            assert_resizes(&p, &other);
            assert_encoder(&p, "nvenc");
            assert_resizes(&p, &c);
            assert_encoder(&p, "nvenc");
        }
        gs_parts_finish(&p);
    }
}

/* The room was made for nothing: down the ladder where one may, else back. */
static void test_limit_and_refused(void **state)
{
    const struct gs_worker_config any = config_of("", 240, 200), larger = config_of("", 402, 200);
    struct gs_worker_config named = config_of("nvenc", 402, 200);
    struct gs_parts p;

    (void)state;
    if (!mock_nvidia())
        skip();
    nvidia_lacks("one,small");
    build(&p, &any);
    assert_encoder(&p, "nvenc");
    assert_resize_fails(&p, &named, -ENOTSUP, "up to 256x256");
    assert_size(&p, 240, 200);
    assert_encoder(&p, "nvenc");
    g_strlcpy(named.converter, "nothing", sizeof(named.converter));
    named.width = 200;
    assert_resize_fails(&p, &named, -ENOENT, "nothing");
    assert_size(&p, 240, 200);
    assert_encoder(&p, "nvenc");
    gs_parts_finish(&p);
    build(&p, &any);
    assert_resizes(&p, &larger);
    assert_encoder(&p, "x264");
    gs_parts_finish(&p);
}

/* Somebody else took the place. */
static void test_limit_and_place_taken(void **state)
{
    const struct gs_worker_config c = config_of("nvenc", 320, 200);
    const struct gs_worker_config other = config_of("nvenc", 402, 200);
    struct gs_parts p;

    (void)state;
    if (!mock_nvidia())
        skip();
    nvidia_lacks("one");
    build(&p, &c);
    nvidia_lacks("full");
    assert_resize_fails(&p, &other, -EBUSY, "is full");
    assert_size(&p, 320, 200);
    assert_encoder(&p, "x264");
    gs_parts_finish(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts_resize),          cmocka_unit_test(test_gpu_missing),
        cmocka_unit_test(test_limit_keeps_the_kind),  cmocka_unit_test(test_limit_and_refused),
        cmocka_unit_test(test_limit_and_place_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
