/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gs-phase-app: one thread, one window. What it opens goes with the process. */
#pragma once

#include <stdint.h>
#include <xcb/xcb.h>

#include "common/macros.h"
#include "tests/apps/paint.h"
#include "tests/bench/compare/marks.h"

#define PHASE_WIDTH 1280
#define PHASE_HEIGHT 720
#define PHASE_BUFFERS 2

struct phase_app {
    xcb_connection_t *conn;
    xcb_screen_t *screen;
    xcb_window_t window;
    xcb_gcontext_t gc;
    struct cmp_log *log;
    uint32_t number;    /* of the picture to draw next */
    uint64_t period_ns; /* 0: as fast as it goes */
    int pieces;
    struct gs_canvas canvas[PHASE_BUFFERS]; /* put */
    uint32_t segment[PHASE_BUFFERS];
    xcb_pixmap_t pixmap[PHASE_BUFFERS]; /* copy, present */
    xcb_special_event_t *completed;     /* present */
    void *egl_display, *egl_surface;    /* gl */
};

/* A way of drawing. Both 0 or -errno; draw blocks until the server has done it. */
struct phase_way {
    const char *name;
    int (*open)(struct phase_app *app);
    int (*draw)(struct phase_app *app);
};

extern const struct phase_way phase_ways[]; /* name NULL at the end */

/* To be called when a picture is handed over, before the first byte of its number. */
void phase_stamp(struct phase_app *app);
/* The white blocks of the number's marks; the others are black. */
void phase_marks(uint32_t number, xcb_rectangle_t white[CMP_MARK_BLOCKS], uint32_t *ret_n);
void phase_fill(struct phase_app *app, xcb_drawable_t on, uint32_t rgb, int x, int y, int width,
                int height);
