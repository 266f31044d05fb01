/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/letterbox.h"

#include "common/macros.h"

struct gs_letterbox gs_letterbox_fit(int window_width, int window_height, uint32_t picture_width,
                                     uint32_t picture_height)
{
    int64_t ww = GS_MAX(window_width, 1), wh = GS_MAX(window_height, 1);
    int64_t pw = GS_MAX(picture_width, 1), ph = GS_MAX(picture_height, 1);
    struct gs_letterbox box = {.picture_width = (uint32_t)pw, .picture_height = (uint32_t)ph};

    if (ww * ph <= wh * pw) {
        box.width = (int)ww;
        box.height = (int)GS_MAX((ww * ph + pw / 2) / pw, 1);
    } else {
        box.width = (int)GS_MAX((wh * pw + ph / 2) / ph, 1);
        box.height = (int)wh;
    }
    box.x = (int)(ww - box.width) / 2;
    box.y = (int)(wh - box.height) / 2;
    return box;
}

static double map(double pos, int start, int length, uint32_t pixels)
{
    double v = (pos - start) * pixels / length;

    return GS_CLAMP(v, 0.0, (double)pixels - 1.0 / 256);
}

void gs_letterbox_to_picture(const struct gs_letterbox *box, double wx, double wy, double *x,
                             double *y)
{
    *x = map(wx, box->x, box->width, box->picture_width);
    *y = map(wy, box->y, box->height, box->picture_height);
}

double gs_letterbox_scale(const struct gs_letterbox *box)
{
    return (double)box->width / box->picture_width;
}

void gs_letterbox_first_size(uint32_t picture_width, uint32_t picture_height, int max_width,
                             int max_height, int *width, int *height)
{
    struct gs_letterbox box;

    if ((int64_t)picture_width <= max_width && (int64_t)picture_height <= max_height) {
        *width = (int)picture_width;
        *height = (int)picture_height;
        return;
    }
    box = gs_letterbox_fit(max_width, max_height, picture_width, picture_height);
    *width = box.width;
    *height = box.height;
}
