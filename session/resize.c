/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/resize.h"

void gs_resize_want(struct gs_resize *r, const struct gs_video *video)
{
    r->wanted = *video;
    r->pending = true;
}

uint64_t gs_resize_due(const struct gs_resize *r)
{
    return r->pending ? r->not_before : UINT64_MAX;
}

bool gs_resize_take(struct gs_resize *r, uint64_t now, struct gs_video *ret)
{
    if (now < gs_resize_due(r))
        return false;
    r->pending = false;
    *ret = r->wanted;
    return true;
}

void gs_resize_done(struct gs_resize *r, uint64_t begin, uint64_t end)
{
    r->not_before = end + GS_MAX(GS_RESIZE_INTERVAL, (GS_RESIZE_SHARE - 1) * (end - begin));
}
