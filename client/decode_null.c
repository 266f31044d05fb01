/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decodes nothing, for load tests: every access unit is a black picture of 64×64. */
#include <glib.h>
#include <string.h>

#include "client/decode_impls.h"

#define SIDE 64

static const uint8_t black[SIDE * SIDE] = {[0 ... SIDE * SIDE - 1] = 16};
static const uint8_t grey[SIDE * SIDE / 4] = {[0 ... SIDE * SIDE / 4 - 1] = 128};

static void release(void *owner GS_UNUSED)
{
}

static const struct gs_picture_owner owner = {.release = release};

static void null_close(struct gs_codec *codec)
{
    g_free(codec);
}

static int null_open(struct gs_codec **ret, char *why GS_UNUSED, size_t why_size GS_UNUSED)
{
    *ret = g_new0(struct gs_codec, 1);
    (*ret)->impl = &gs_decoder_null;
    return 0;
}

static int null_decode(struct gs_codec *codec GS_UNUSED, const struct gs_access_unit *au,
                       struct gs_picture **ret, char *why GS_UNUSED, size_t why_size GS_UNUSED)
{
    *ret = gs_picture_create(SIDE, SIDE, &au->info, &owner, NULL);
    (*ret)->pixels = (struct gs_picture_pixels){
        .format = GS_PICTURE_I420,
        .data = {black, grey, grey},
        .stride = {SIDE, SIDE / 2, SIDE / 2},
    };
    return 0;
}

const struct gs_decoder_impl gs_decoder_null = {
    .name = "null",
    .open = null_open,
    .decode = null_decode,
    .close = null_close,
};
