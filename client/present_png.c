/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <glib.h>
#include <math.h>

#include "client/overlay.h"
#include "client/present_impls.h"
#include "client/snapshot.h"

void gs_cursor_copy_set(struct gs_cursor_copy *copy, const struct gs_cursor_msg *msg)
{
    gs_cursor_copy_clear(copy);
    copy->msg = *msg;
    copy->msg.pixels = NULL;
    if (msg->visible && msg->pixels)
        copy->msg.pixels = g_memdup2(msg->pixels, (size_t)msg->width * msg->height * 4);
}

void gs_cursor_copy_clear(struct gs_cursor_copy *copy)
{
    g_free((void *)copy->msg.pixels);
    copy->msg = (struct gs_cursor_msg){0};
}

int gs_present_write_png(const char *path, struct gs_picture *pic,
                         const struct gs_cursor_msg *cursor, double x, double y,
                         const char *overlay)
{
    g_autofree uint8_t *bgra = NULL;
    uint32_t width, height, stride;
    int err;

    if (!pic)
        return -EAGAIN;
    width = pic->width;
    height = pic->height;
    stride = width * 4;
    bgra = g_try_malloc_n(height, stride);
    if (!bgra)
        return -ENOMEM;
    err = gs_picture_to_bgra(pic, bgra, stride);
    if (err)
        return err;
    gs_bgra_draw_cursor(bgra, stride, width, height, cursor, (int)floor(x), (int)floor(y));
    if (overlay)
        gs_overlay_draw(bgra, stride, width, height, overlay, GS_OVERLAY_SCALE);
    return gs_png_write(path, bgra, stride, width, height);
}
