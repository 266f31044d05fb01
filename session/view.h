/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Views: the layers of a scene that converters draw, checked and with their geometry worked out.
 * Pure; valid as long as the scene.
 */
#pragma once

#include <glib.h>
#include <pixman.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/macros.h"
#include "session/scene.h"

struct gs_view {
    const struct gs_layer *layer;
    bool opaque;
    bool rgba;          /* bytes in memory R G B A; else B G R A */
    bool exact;         /* pixel for pixel: map only shifts, by whole pixels */
    pixman_box32_t box; /* covers this much of the output, not empty */
    double map[2][3];   /* output to buffer coordinates, x to the right, y down, both in pixels:
                         * buffer = map * (x, y, 1) */
};

/* Replaces the contents of views (of struct gs_view) with what can be seen of the scene, bottom
 * first. Layers that lie outside, or whose numbers can't be, are left out. */
void gs_views_collect(GArray *views, const struct gs_scene *scene);
/* Index of the topmost view that covers the whole output with opaque pixels: nothing below it is
 * seen. views->len where there is none. */
unsigned gs_views_base(const GArray *views, uint32_t width, uint32_t height);

/* The pixels of a view in memory, 32-bit aligned; false: they are gone or laid out impossibly.
 * Close with gs_view_end. */
bool gs_view_begin(const struct gs_view *view, const void **data, uint32_t *stride) GS_MUST_CHECK;
void gs_view_end(const struct gs_view *view);

/* Rectangles worth one conversion each: damage cut to the output and grown so that whole chroma
 * samples are renewed, also past an odd side; their number bounded. ret is initialised. */
void gs_damage_align(pixman_region32_t *ret, const pixman_region32_t *damage, uint32_t width,
                     uint32_t height);
/* More rectangles than this cost more than what lies between them. */
#define GS_DAMAGE_RECTS 16
/* What the conversion of region reads: one more column on the left, for chroma. ret is
 * initialised. */
void gs_damage_widen(pixman_region32_t *ret, const pixman_region32_t *region, uint32_t width,
                     uint32_t height);
