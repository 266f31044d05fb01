/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Moving pictures drawn by arithmetic, the same on every machine, for codec tests and benches. */
#pragma once

#include <stdint.h>

#include "common/nv12.h"

enum scene_kind {
    SCENE_3D,   /* a textured plane that turns and comes nearer, lit balls crossing it */
    SCENE_TEXT, /* a page of small glyphs that scrolls by four rows a frame */
    SCENE_KINDS,
};

const char *scene_name(enum scene_kind kind);
/* Fills pic with the given picture of the scene. */
void scene_draw(enum scene_kind kind, uint32_t frame, struct gs_nv12 *pic);
/* Luma PSNR in dB of two planes, 99 when they are the same. */
double scene_psnr(const uint8_t *a, uint32_t a_stride, const uint8_t *b, uint32_t b_stride,
                  uint32_t width, uint32_t height);
