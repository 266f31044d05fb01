/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An X screen looked at and clicked on from outside. One thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <xcb/shm.h>
#include <xcb/xcb.h>

#include "common/macros.h"

struct cmp_screen {
    xcb_connection_t *conn;
    xcb_window_t root;
    uint16_t width, height;
    xcb_shm_seg_t seg;
    uint32_t *pixels; /* XRGB8888 of the last grab, rows without gaps */
};

/* 0, or -errno with the reason on stderr. */
int cmp_screen_open(const char *display, struct cmp_screen *ret) GS_MUST_CHECK;
/* Fills pixels with what a rectangle shows now. 0 or -EIO. */
int cmp_screen_grab(struct cmp_screen *s, int x, int y, int width, int height) GS_MUST_CHECK;
/* The number that the marks show; -1: none. When the
 * server is gone, the program ends. */
int cmp_screen_number(struct cmp_screen *s);
void cmp_screen_move_pointer(struct cmp_screen *s, int x, int y);
/* The left button, sent when this returns. */
void cmp_screen_button(struct cmp_screen *s, bool press);
