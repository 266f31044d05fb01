/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The presenters that the registry lists, and what they share. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "client/present.h"

extern const struct gs_presenter_impl gs_presenter_window, gs_presenter_gl, gs_presenter_shm,
    gs_presenter_headless;

/* A cursor message that outlives its message. */
struct gs_cursor_copy {
    struct gs_cursor_msg msg; /* pixels: own */
};

void gs_cursor_copy_set(struct gs_cursor_copy *copy, const struct gs_cursor_msg *msg);
void gs_cursor_copy_clear(struct gs_cursor_copy *copy);

/* Writes a picture as PNG with, each where not NULL, the cursor at x, y and the overlay's text.
 * 0, -EAGAIN without a picture, -errno. */
int gs_present_write_png(const char *path, struct gs_picture *pic,
                         const struct gs_cursor_msg *cursor, double x, double y,
                         const char *overlay) GS_MUST_CHECK;
