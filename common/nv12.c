/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/nv12.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int gs_nv12_alloc(uint32_t width, uint32_t height, struct gs_nv12 *ret)
{
    uint32_t stride = (width + 63) & ~63u;
    size_t luma = (size_t)stride * height;
    uint8_t *data;

    if (!width || !height || width % 2 || height % 2 || width > 8192 || height > 8192)
        return -EINVAL;
    data = aligned_alloc(64, (luma + luma / 2 + 63) & ~(size_t)63);
    if (!data)
        return -ENOMEM;
    memset(data, 16, luma);
    memset(data + luma, 128, luma / 2);
    *ret = (struct gs_nv12){.y = data,
                            .uv = data + luma,
                            .y_stride = stride,
                            .uv_stride = stride,
                            .width = width,
                            .height = height};
    return 0;
}

void gs_nv12_free(struct gs_nv12 *pic)
{
    free(pic->y);
    *pic = (struct gs_nv12){0};
}
