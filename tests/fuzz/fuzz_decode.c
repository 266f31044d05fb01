/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Access units into the software decoder and what comes out into a picture file's pixels. A list of
 * records: u8 flags (bit 0 keyframe, bit 1 discontinuity), u16 size, Annex B bytes. */
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "client/decode.h"
#include "tests/fuzz/fuzz.h"

#define PADDING 64

static void check(const struct gs_picture *pic, uint32_t frame_id)
{
    const struct gs_picture_pixels *p = &pic->pixels;

    assert(pic->info.frame_id == frame_id);
    assert(pic->width > 0 && pic->height > 0 && p->data[0] && p->data[1]);
    assert(p->stride[0] >= (int)pic->width);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gs_access_unit au = {0};
    struct gs_decoder *dec = NULL;
    struct gs_reader r;

    assert(gs_decoder_create("software", &dec) == 0);
    gs_reader_init(&r, data, size);
    while (gs_reader_left(&r) >= 3) {
        uint8_t flags = gs_read_u8(&r);
        const uint8_t *bytes = fuzz_bytes(&r, &au.size);
        uint8_t *copy = g_malloc0(au.size + PADDING);
        struct gs_picture *pic = NULL;

        if (au.size)
            memcpy(copy, bytes, au.size);
        au.data = copy;
        au.keyframe = flags & 1;
        au.discontinuity = flags & 2;
        au.info.frame_id++;
        if (gs_decoder_decode(dec, &au, &pic) == 0) {
            check(pic, au.info.frame_id);
            gs_picture_unref(pic);
        }
        g_free(copy);
    }
    gs_decoder_destroy(dec);
    return 0;
}
