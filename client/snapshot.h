/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pictures as RGB and as PNG files. Any thread. */
#pragma once

#include <stdint.h>

#include "client/picture.h"
#include "common/macros.h"
#include "common/proto.h"

/* What is shown, from BT.709 to B G R A (A is 255), rows of stride bytes. 0, or why the pixels
 * could not be had. */
int gs_picture_to_bgra(struct gs_picture *pic, uint8_t *out, uint32_t stride) GS_MUST_CHECK;
/* Blends a cursor (NULL or invisible: none) with its hot spot at x, y. Clips. */
void gs_bgra_draw_cursor(uint8_t *bgra, uint32_t stride, uint32_t width, uint32_t height,
                         const struct gs_cursor_msg *cursor, int x, int y);
/* 0 or -errno. Written under another name first and then renamed. */
int gs_png_write(const char *path, const uint8_t *bgra, uint32_t stride, uint32_t width,
                 uint32_t height) GS_MUST_CHECK;
