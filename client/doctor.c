/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/doctor.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "client/decode.h"
#include "common/check.h"
#include "common/clock.h"

#define TIMEOUT_MS 20000
#define PADDING 64
#define WIDTH 320
#define HEIGHT 240
#define LUMA 96
#define ROUNDS 10

/* One IDR picture of 320x240 in one colour, as an encoder of ours would make it. */
static const uint8_t picture[] = {
    /* clang-format off */
    0x00, 0x00, 0x00, 0x01, 0x67, 0x64, 0x00, 0x0d, 0xac, 0xb4, 0x0a, 0x0f, 0xd8, 0x0b, 0x50, 0x10,
    0x10, 0x14, 0x00, 0x00, 0x03, 0x00, 0x04, 0x00, 0x00, 0x03, 0x00, 0xc8, 0x3c, 0x50, 0xaa, 0x80,
    0x00, 0x00, 0x00, 0x01, 0x68, 0xef, 0x0f, 0x2c, 0x8b, 0x00, 0x00, 0x01, 0x65, 0x88, 0x84, 0x0a,
    0xff, 0xfe, 0xd8, 0xe7, 0xf3, 0x2c, 0x76, 0x33, 0x6a, 0xe4, 0xc0, 0xcc, 0x8f, 0x3c, 0xaa, 0x97,
    0x0e, 0xac, 0xbd, 0xdc, 0x2a, 0x50, 0x34, 0x65, 0x0c, 0xed, 0x3c, 0x97, 0xa9, 0x98, 0x00, 0x04,
    0x93, 0x34, 0xd5, 0x7f, 0x08, 0xd2, 0x27, 0x46, 0x95, 0x80, 0x26, 0x60, 0x00, 0x04, 0x6c, 0x3b,
    0x2c, 0x34, 0x12, 0x1a, 0x53, 0x88, 0xc8, 0xf3, 0x74, 0x39,
    /* clang-format on */
};

/* NULL: it is the picture. What is not in memory (a surface of the GPU) is only measured. */
static const char *judge(const struct gs_picture *pic)
{
    const struct gs_picture_pixels *p = &pic->pixels;
    const uint8_t *middle;

    if (pic->width != WIDTH || pic->height != HEIGHT)
        return "the picture has another size";
    if (!p->data[0])
        return NULL;
    middle = p->data[0] + HEIGHT / 2 * (ptrdiff_t)p->stride[0] + WIDTH / 2;
    return abs(*middle - LUMA) > 2 ? "the picture has another colour" : NULL;
}

/* ns of the best of some rounds; 0, with the reason in *ret_why. */
static uint64_t decode(struct gs_decoder *decoder, const char **ret_why)
{
    uint8_t data[sizeof(picture) + PADDING] = {0};
    const struct gs_access_unit au = {.data = data, .size = sizeof(picture), .keyframe = true};
    uint64_t best = UINT64_MAX;

    memcpy(data, picture, sizeof(picture));
    for (int i = 0; i < ROUNDS; i++) {
        struct gs_picture *pic;
        uint64_t start = gs_now_ns();

        if (gs_decoder_decode(decoder, &au, &pic) < 0) {
            *ret_why = "it does not decode";
            return 0;
        }
        best = GS_MIN(best, gs_now_ns() - start);
        *ret_why = judge(pic);
        gs_picture_unref(pic);
        if (*ret_why)
            return 0;
    }
    return GS_MAX(best, 1);
}

static bool try_decoder(void *user)
{
    const char *name = user, *why = NULL;
    g_autofree char *id = g_strconcat("decoder.", name, NULL);
    g_autofree char *title = g_strconcat("decoder ", name, NULL);
    g_autofree char *words = NULL;
    struct gs_decoder *decoder;
    struct gs_check check;
    uint64_t ns = 0;

    if (gs_decoder_create(name, &decoder) == 0)
        ns = decode(decoder, &why);
    else
        why = words = gs_check_last_words();
    if (ns)
        gs_check_set(&check, id, title, GS_CHECK_OK, "%.2f ms for a picture of %dx%d",
                     (double)ns / 1e6, WIDTH, HEIGHT);
    else
        gs_check_set(&check, id, title,
                     strcmp(name, "software") == 0 ? GS_CHECK_FAIL : GS_CHECK_INFO, "refused: %s",
                     why);
    gs_check_say(&check);
    return ns;
}

int gs_client_doctor(void)
{
    const char *first = NULL;
    struct gs_check check;

    for (size_t i = 0; gs_decoder_impls[i]; i++) {
        const char *name = gs_decoder_impls[i]->name;
        g_autofree char *id = g_strconcat("decoder.", name, NULL);
        g_autofree char *title = g_strconcat("decoder ", name, NULL);
        const struct gs_check_trial trial = {.id = id,
                                             .title = title,
                                             .if_dead = GS_CHECK_FAIL,
                                             .if_dead_remedy =
                                                 "take another one: gpushare-client --decoder "
                                                 "software",
                                             .run = try_decoder,
                                             .user = (void *)name,
                                             .timeout_ms = TIMEOUT_MS};

        if (strcmp(name, "null") != 0 && gs_check_try(&trial) && !first)
            first = name;
    }
    gs_check_set(&check, "decoder", "decoder", first ? GS_CHECK_OK : GS_CHECK_FAIL, "%s",
                 first ? "a client here takes the first that works" : "none works");
    if (first)
        g_strlcpy(check.value, first, sizeof(check.value));
    else
        gs_check_set_remedy(&check, "apt install libavcodec59");
    gs_check_say(&check);
    return first ? 0 : 1;
}
