/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pictures drawn by OpenGL ES 3 into the current framebuffer. Planes in memory are uploaded, only
 * the rows that changed; those in a GPU's memory are sampled where they are. Thread: that of the
 * context, which must be current from create to destroy.
 */
#pragma once

#include "client/letterbox.h"
#include "client/picture.h"
#include "common/macros.h"

struct gs_yuv_gl;

/* 0, or -EIO; what failed is logged. */
int gs_yuv_gl_create(struct gs_yuv_gl **ret) GS_MUST_CHECK;
/* Accepts NULL and half-built ones. */
void gs_yuv_gl_destroy(struct gs_yuv_gl *yuv);
/* Draws pic where box says in a framebuffer of width × height whose row 0 is below, and black
 * around it. A reference is kept until the next one. 0, -errno: it is black. */
int gs_yuv_gl_draw(struct gs_yuv_gl *yuv, struct gs_picture *pic, const struct gs_letterbox *box,
                   int width, int height) GS_MUST_CHECK;
/* The overlay's text over the picture that was drawn last, in the box's upper left corner. */
void gs_yuv_gl_draw_overlay(struct gs_yuv_gl *yuv, const char *text, const struct gs_letterbox *box,
                            int width, int height);
