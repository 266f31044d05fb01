/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gs-compare-app: the same pictures on X11 and on Wayland, through shared memory in both. One
 * thread, but for those of the GL. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/macros.h"
#include "tests/apps/paint.h"
#include "tests/bench/compare/marks.h"
#include "tests/bench/compare/pixels.h"

#define CMP_FPS 60

struct cmp_scene {
    const char *name;
    bool animated; /* the number grows with every picture; otherwise with every press */
    /* May be NULL. 0 or -errno with the reason on stderr. */
    int (*prepare)(int width, int height);
    void (*draw)(const struct gs_canvas *canvas, uint32_t number);
};

struct cmp_app {
    const struct cmp_scene *scene;
    struct cmp_log *log; /* NULL: none is kept */
    uint32_t number;     /* of the picture to draw next */
    int width, height;
    bool step; /* draws the numbers that come on stdin and nothing else (X11) */
};

extern const struct cmp_scene cmp_scenes[]; /* name NULL at the end */

void cmp_app_draw(const struct cmp_app *app, const struct gs_canvas *canvas);
/* To be called when a drawn picture is handed over, before the first byte of it. */
void cmp_app_stamp(struct cmp_app *app);

/* Until the window system goes away (0) or fails (-errno, with the reason on stderr). */
int cmp_x11_run(struct cmp_app *app) GS_MUST_CHECK;
int cmp_wayland_run(struct cmp_app *app) GS_MUST_CHECK;

/* A shaded, textured knot that turns on a plain ground: OpenGL ES without a window, read back. */
int cmp_3d_prepare(int width, int height) GS_MUST_CHECK;
void cmp_3d_draw(const struct gs_canvas *canvas, uint32_t number);
