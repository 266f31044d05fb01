/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shows nothing: keeps the newest picture and the cursor, for snapshots. */
#include <glib.h>

#include "client/present_impls.h"

struct headless {
    struct gs_presenter base;
    struct gs_picture *picture;
    struct gs_cursor_copy cursor;
    double x, y; /* of the pointer, output pixels */
    bool relative;
    char *overlay;
};

static int headless_create(struct gs_presenter **ret)
{
    struct headless *h = g_new0(struct headless, 1);

    h->base.impl = &gs_presenter_headless;
    *ret = &h->base;
    return 0;
}

static int headless_open(struct gs_presenter *pr, const struct gs_presenter_params *p)
{
    struct headless *h = (struct headless *)pr;

    pr->params = *p;
    h->x = p->width / 2;
    h->y = p->height / 2;
    return 0;
}

static void headless_resize(struct gs_presenter *pr, uint32_t width, uint32_t height)
{
    pr->params.width = width;
    pr->params.height = height;
}

static void headless_present(struct gs_presenter *pr, struct gs_picture *pic)
{
    struct headless *h = (struct headless *)pr;

    gs_picture_unref(h->picture);
    h->picture = gs_picture_ref(pic);
}

static void headless_cursor(struct gs_presenter *pr, const struct gs_cursor_msg *msg)
{
    gs_cursor_copy_set(&((struct headless *)pr)->cursor, msg);
}

static void headless_pointer_mode(struct gs_presenter *pr, enum gs_pointer_mode mode)
{
    ((struct headless *)pr)->relative = mode == GS_POINTER_RELATIVE;
}

static void headless_pointer(struct gs_presenter *pr, double x, double y)
{
    struct headless *h = (struct headless *)pr;

    h->x = x;
    h->y = y;
}

static void headless_overlay(struct gs_presenter *pr, const char *text)
{
    struct headless *h = (struct headless *)pr;

    g_free(h->overlay);
    h->overlay = g_strdup(text);
}

static int headless_snapshot(struct gs_presenter *pr, const char *path)
{
    struct headless *h = (struct headless *)pr;

    return gs_present_write_png(path, h->picture, h->relative ? NULL : &h->cursor.msg, h->x, h->y,
                                h->base.params.overlay ? h->overlay : NULL);
}

static void headless_close(struct gs_presenter *pr)
{
    struct headless *h = (struct headless *)pr;

    if (!h)
        return;
    gs_picture_unref(h->picture);
    gs_cursor_copy_clear(&h->cursor);
    g_free(h->overlay);
    g_free(h);
}

const struct gs_presenter_impl gs_presenter_headless = {
    .name = "headless",
    .create = headless_create,
    .open = headless_open,
    .resize = headless_resize,
    .present = headless_present,
    .cursor = headless_cursor,
    .pointer_mode = headless_pointer_mode,
    .pointer = headless_pointer,
    .overlay = headless_overlay,
    .snapshot = headless_snapshot,
    .close = headless_close,
};
