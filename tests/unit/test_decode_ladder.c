/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What becomes of a decoder that does not work: the next one takes over, over fake ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

#include "client/decode.h"
#include "common/macros.h"

/* How one fake behaves: what open and the n-th decode return (0 beyond the list). */
struct script {
    int open;
    int decode[8];
};

static struct script scripts[3];
static unsigned opened[3], decoded[3], closed[3];

static const struct gs_decoder_impl fakes[3];

static int fake_open(int i, struct gs_codec **ret, char *why, size_t why_size)
{
    static struct gs_codec codecs[3];

    opened[i]++;
    if (scripts[i].open) {
        snprintf(why, why_size, "fake %d does not open", i);
        return scripts[i].open;
    }
    decoded[i] = 0;
    codecs[i].impl = &fakes[i];
    *ret = &codecs[i];
    return 0;
}

static int open_0(struct gs_codec **ret, char *why, size_t why_size)
{
    return fake_open(0, ret, why, why_size);
}

static int open_1(struct gs_codec **ret, char *why, size_t why_size)
{
    return fake_open(1, ret, why, why_size);
}

static int open_2(struct gs_codec **ret, char *why, size_t why_size)
{
    return fake_open(2, ret, why, why_size);
}

static int fake_decode(struct gs_codec *codec, const struct gs_access_unit *au,
                       struct gs_picture **ret, char *why, size_t why_size)
{
    size_t i = (size_t)(codec->impl - fakes);
    int err = scripts[i].decode[decoded[i]++];

    if (err)
        snprintf(why, why_size, "fake %zu fails", i);
    else
        *ret = gs_picture_alloc(NULL, GS_PICTURE_I420, 16, 16, &au->info);
    return err;
}

static void fake_close(struct gs_codec *codec)
{
    closed[codec->impl - fakes]++;
}

static const struct gs_decoder_impl fakes[3] = {
    {"first", open_0, fake_decode, fake_close},
    {"second", open_1, fake_decode, fake_close},
    {"third", open_2, fake_decode, fake_close},
};
static const struct gs_decoder_impl null_kind = {"null", open_2, fake_decode, fake_close};
static const struct gs_decoder_impl *const ladder[] = {&fakes[0], &fakes[1], &fakes[2], &null_kind,
                                                       NULL};

static int set_up(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        scripts[i] = (struct script){0};
        opened[i] = decoded[i] = closed[i] = 0;
    }
    return 0;
}

static struct gs_decoder *create(const char *name)
{
    struct gs_decoder *dec = NULL;

    assert_int_equal(gs_decoder_create_from(ladder, name, &dec), 0);
    return dec;
}

static int decode(struct gs_decoder *dec, bool keyframe)
{
    static const uint8_t data[80];
    const struct gs_access_unit au = {
        .data = data, .size = 16, .keyframe = keyframe, .info.frame_id = 7};
    struct gs_picture *pic = NULL;
    int err = gs_decoder_decode(dec, &au, &pic);

    if (!err)
        assert_int_equal(pic->info.frame_id, 7);
    gs_picture_unref(pic);
    return err;
}

static void finish(struct gs_decoder *dec)
{
    gs_decoder_destroy(dec);
    for (int i = 0; i < 3; i++)
        assert_int_equal(closed[i] + (scripts[i].open ? opened[i] : 0), opened[i]);
}

static void test_first_that_opens(void **state)
{
    struct gs_decoder *dec;

    (void)state;
    scripts[0].open = -ENODEV;
    dec = create(NULL);
    assert_string_equal(gs_decoder_name(dec), "second");
    assert_int_equal(decode(dec, true), 0);
    assert_int_equal(decode(dec, false), 0);
    assert_int_equal(opened[2], 0);
    finish(dec);
}

static void test_none_opens(void **state)
{
    struct gs_decoder *dec = NULL;

    (void)state;
    for (int i = 0; i < 3; i++)
        scripts[i].open = -ENODEV;
    assert_int_equal(gs_decoder_create_from(ladder, NULL, &dec), -ENODEV);
    assert_null(dec);
    assert_int_equal(opened[2], 1); /* the null kind, which opens as the third, was not tried */
}

/* The picture of the keyframe that was refused comes all the same, and the kind stays. */
static void refuses_first_keyframe(int err)
{
    struct gs_decoder *dec = create("");

    scripts[0].decode[0] = err;
    assert_string_equal(gs_decoder_name(dec), "first");
    assert_int_equal(decode(dec, true), 0);
    assert_string_equal(gs_decoder_name(dec), "second");
    assert_int_equal(decode(dec, false), 0);
    assert_int_equal(decode(dec, true), 0);
    assert_int_equal(decoded[0], 1);
    assert_int_equal(opened[0], 1);
    finish(dec);
}

static void test_refuses_first_keyframe(void **state)
{
    static const int errors[] = {-EBADMSG, -EIO, -ENOTSUP, -EPROTO, -ENOMEM};

    for (size_t i = 0; i < GS_ARRAY_SIZE(errors); i++) {
        set_up(state);
        refuses_first_keyframe(errors[i]);
    }
}

static void test_two_refuse_it(void **state)
{
    struct gs_decoder *dec = create(NULL);

    (void)state;
    scripts[0].decode[0] = -EIO;
    scripts[1].decode[0] = -EBADMSG;
    assert_int_equal(decode(dec, true), 0);
    assert_string_equal(gs_decoder_name(dec), "third");
    finish(dec);
}

static void test_one_does_not_open_then(void **state)
{
    struct gs_decoder *dec = create(NULL);

    (void)state;
    scripts[0].decode[0] = -EIO;
    scripts[1].open = -ENOENT;
    assert_int_equal(decode(dec, true), 0);
    assert_string_equal(gs_decoder_name(dec), "third");
    finish(dec);
}

/* A broken keyframe is nobody's fault: the best kind stays, and gets the next one. */
static void test_broken_stream_keeps_the_kind(void **state)
{
    struct gs_decoder *dec = create(NULL);

    (void)state;
    for (int i = 0; i < 3; i++)
        scripts[i].decode[0] = -EBADMSG;
    assert_int_equal(decode(dec, true), -EBADMSG);
    assert_string_equal(gs_decoder_name(dec), "first");
    assert_int_equal(decode(dec, false), -EBADMSG);
    assert_int_equal(decoded[0], 1); /* it was not asked */
    assert_int_equal(decode(dec, true), 0);
    assert_string_equal(gs_decoder_name(dec), "first");
    finish(dec);
}

/* Later, between keyframes: a failure of its own moves on, a broken access unit does not. */
static void test_fails_later(void **state)
{
    struct gs_decoder *dec = create(NULL);

    (void)state;
    scripts[0].decode[1] = -EBADMSG;
    scripts[0].decode[3] = -EIO;
    assert_int_equal(decode(dec, true), 0);
    assert_int_equal(decode(dec, false), -EBADMSG);
    assert_string_equal(gs_decoder_name(dec), "first");
    assert_int_equal(decode(dec, true), 0);
    assert_int_equal(decode(dec, false), -EBADMSG);
    assert_string_equal(gs_decoder_name(dec), "second");
    assert_int_equal(decode(dec, false), -EBADMSG); /* still no keyframe */
    assert_int_equal(decoded[1], 0);
    assert_int_equal(decode(dec, true), 0);
    assert_int_equal(decode(dec, false), 0);
    finish(dec);
}

/* Who asked for one kind gets no other. */
static void test_named_kind_stays(void **state)
{
    struct gs_decoder *dec = create("second");

    (void)state;
    scripts[1].decode[0] = -EIO;
    assert_string_equal(gs_decoder_name(dec), "second");
    assert_int_equal(decode(dec, true), -EIO);
    assert_string_equal(gs_decoder_name(dec), "second");
    assert_int_equal(opened[2], 0);
    finish(dec);
    scripts[0].open = -ENODEV;
    assert_int_equal(gs_decoder_create_from(ladder, "first", &dec), -ENODEV);
    assert_int_equal(gs_decoder_create_from(ladder, "fourth", &dec), -ENOENT);
}

static void test_last_kind_fails(void **state)
{
    struct gs_decoder *dec = create(NULL);

    (void)state;
    for (int i = 0; i < 2; i++)
        scripts[i].decode[0] = -EIO;
    scripts[2].decode[1] = -EIO;
    assert_int_equal(decode(dec, true), 0);
    assert_int_equal(decode(dec, false), -EIO);
    assert_string_equal(gs_decoder_name(dec), "third");
    assert_int_equal(decode(dec, true), 0);
    finish(dec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_first_that_opens, set_up),
        cmocka_unit_test_setup(test_none_opens, set_up),
        cmocka_unit_test_setup(test_refuses_first_keyframe, set_up),
        cmocka_unit_test_setup(test_two_refuse_it, set_up),
        cmocka_unit_test_setup(test_one_does_not_open_then, set_up),
        cmocka_unit_test_setup(test_broken_stream_keeps_the_kind, set_up),
        cmocka_unit_test_setup(test_fails_later, set_up),
        cmocka_unit_test_setup(test_named_kind_stays, set_up),
        cmocka_unit_test_setup(test_last_kind_fails, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
