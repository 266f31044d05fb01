/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text drawn over a picture, in a small font of our own. Pure; any thread. */
#pragma once

#include <stdint.h>

#define GS_OVERLAY_SCALE 2 /* of all presenters */

/* Size in pixels of a text of several lines, with its margin. */
void gs_overlay_size(const char *text, unsigned scale, uint32_t *width, uint32_t *height);
/* Draws ASCII text (anything else becomes '?') into the upper left corner on a darkened box.
 * bgra: B G R A rows of stride bytes. scale: pixels a dot, at least 1. Clips. */
void gs_overlay_draw(uint8_t *bgra, uint32_t stride, uint32_t width, uint32_t height,
                     const char *text, unsigned scale);
