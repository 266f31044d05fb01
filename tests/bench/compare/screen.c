/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/bench/compare/screen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <xcb/xtest.h>

#include "tests/bench/compare/marks.h"
#include "tests/bench/compare/pixels.h"

#define LEFT_BUTTON 1

static int attach_pixels(struct cmp_screen *s)
{
    struct gs_canvas canvas;
    int fd, r = cmp_pixels_create(s->width, s->height, &canvas, &fd);

    if (r < 0)
        return r;
    s->pixels = canvas.pixels;
    s->seg = xcb_generate_id(s->conn);
    xcb_shm_attach_fd(s->conn, s->seg, fd, 0);
    return 0;
}

int cmp_screen_open(const char *display, struct cmp_screen *ret)
{
    struct cmp_screen s = {.conn = xcb_connect(display, NULL)};
    const xcb_query_extension_reply_t *shm, *test;
    const xcb_screen_t *screen;

    if (xcb_connection_has_error(s.conn)) {
        fprintf(stderr, "gs-compare-probe: no X display %s\n", display);
        return -ENOTCONN;
    }
    screen = xcb_setup_roots_iterator(xcb_get_setup(s.conn)).data;
    shm = xcb_get_extension_data(s.conn, &xcb_shm_id);
    test = xcb_get_extension_data(s.conn, &xcb_test_id);
    if (!shm || !shm->present || !test || !test->present || screen->root_depth != 24) {
        fprintf(stderr, "gs-compare-probe: %s lacks MIT-SHM, XTEST or a depth of 24\n", display);
        return -ENOTSUP;
    }
    s.root = screen->root;
    s.width = screen->width_in_pixels;
    s.height = screen->height_in_pixels;
    *ret = s;
    return attach_pixels(ret);
}

int cmp_screen_grab(struct cmp_screen *s, int x, int y, int width, int height)
{
    xcb_shm_get_image_reply_t *reply = xcb_shm_get_image_reply(
        s->conn,
        xcb_shm_get_image(s->conn, s->root, (int16_t)x, (int16_t)y, (uint16_t)width,
                          (uint16_t)height, ~0U, XCB_IMAGE_FORMAT_Z_PIXMAP, s->seg, 0),
        NULL);

    if (!reply)
        return -EIO;
    free(reply);
    return 0;
}

int cmp_screen_number(struct cmp_screen *s)
{
    if (cmp_screen_grab(s, 0, CMP_MARK_SIZE / 2, CMP_MARK_WIDTH, 1) < 0) {
        fprintf(stderr, "gs-compare-probe: the X server went away\n");
        exit(1);
    }
    return cmp_marks_read(s->pixels);
}

void cmp_screen_move_pointer(struct cmp_screen *s, int x, int y)
{
    xcb_test_fake_input(s->conn, XCB_MOTION_NOTIFY, 0, 0, s->root, (int16_t)x, (int16_t)y, 0);
    xcb_flush(s->conn);
}

void cmp_screen_button(struct cmp_screen *s, bool press)
{
    xcb_test_fake_input(s->conn, press ? XCB_BUTTON_PRESS : XCB_BUTTON_RELEASE, LEFT_BUTTON, 0,
                        XCB_NONE, 0, 0, 0);
    xcb_flush(s->conn);
}
