/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/video_size.h"

#include <stdbool.h>

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
