/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/video_size.h"

#include <errno.h>
#include <stdbool.h>

#include "common/bytes.h"

static bool is_side(uint32_t n)
{
    return n >= 1 && n <= GS_PICTURE_MAX_SIDE;
}

int gs_video_size_read(const void *payload, size_t size, struct gs_size *ret)
{
    struct gs_reader r;
    struct gs_size found;

    gs_reader_init(&r, payload, size);
    found.width = gs_read_u32(&r);
    found.height = gs_read_u32(&r);
    if (r.overrun || !is_side(found.width) || !is_side(found.height))
        return -EBADMSG;
    *ret = found;
    return 0;
}

void gs_video_size_announce(struct gs_video_size *v, uint32_t width, uint32_t height)
{
    if (v->now.width == width && v->now.height == height)
        return;
    v->before = v->now;
    v->now = (struct gs_size){width, height};
}

/* Encoders round up to even. */
static bool fits(uint32_t shown, uint32_t coded)
{
    return shown && (shown == coded || shown + 1 == coded);
}

struct gs_size gs_video_size_shown(const struct gs_video_size *v, uint32_t width, uint32_t height)
{
    if (fits(v->now.width, width) && fits(v->now.height, height))
        return v->now;
    if (fits(v->before.width, width) && fits(v->before.height, height))
        return v->before;
    return (struct gs_size){width, height};
}
