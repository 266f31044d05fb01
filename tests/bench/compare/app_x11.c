/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The window on X11: MIT-SHM pictures, put by a clock of its own, for X has no frame callbacks. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <xcb/shm.h>
#include <xcb/xcb.h>

#include "common/clock.h"
#include "tests/bench/compare/app.h"

#define BUFFERS 2

struct buffer {
    struct gs_canvas canvas;
    xcb_shm_seg_t seg;
    bool busy; /* the server reads it */
};

struct x11 {
    struct cmp_app *app;
    xcb_connection_t *conn;
    xcb_window_t window;
    xcb_gcontext_t gc;
    uint8_t completion; /* event that tells of a picture that was read */
    struct buffer buffers[BUFFERS];
    uint64_t next_ns;
    bool dirty; /* to be drawn when a buffer is free */
};

static int buffers_create(struct x11 *x)
{
    const xcb_query_extension_reply_t *ext = xcb_get_extension_data(x->conn, &xcb_shm_id);

    if (!ext || !ext->present) {
        fprintf(stderr, "gs-compare-app: the X server lacks MIT-SHM\n");
        return -ENOTSUP;
    }
    x->completion = (uint8_t)(ext->first_event + XCB_SHM_COMPLETION);
    for (int i = 0; i < BUFFERS; i++) {
        struct buffer *b = &x->buffers[i];
        int fd, r = cmp_pixels_create(x->app->width, x->app->height, &b->canvas, &fd);

        if (r < 0)
            return r;
        b->seg = xcb_generate_id(x->conn);
        xcb_shm_attach_fd(x->conn, b->seg, fd, 1); /* takes the fd */
    }
    return 0;
}

static int window_create(struct x11 *x)
{
    xcb_screen_t *screen = xcb_setup_roots_iterator(xcb_get_setup(x->conn)).data;
    const uint32_t values[] = {screen->black_pixel,
                               XCB_EVENT_MASK_BUTTON_PRESS | XCB_EVENT_MASK_EXPOSURE};

    if (screen->root_depth != 24) {
        fprintf(stderr, "gs-compare-app: the X server's depth is not 24\n");
        return -ENOTSUP;
    }
    x->window = xcb_generate_id(x->conn);
    xcb_create_window(x->conn, XCB_COPY_FROM_PARENT, x->window, screen->root, 0, 0,
                      (uint16_t)x->app->width, (uint16_t)x->app->height, 0,
                      XCB_WINDOW_CLASS_INPUT_OUTPUT, screen->root_visual,
                      XCB_CW_BACK_PIXEL | XCB_CW_EVENT_MASK, values);
    x->gc = xcb_generate_id(x->conn);
    xcb_create_gc(x->conn, x->gc, x->window, 0, NULL);
    xcb_map_window(x->conn, x->window);
    return xcb_flush(x->conn) > 0 ? 0 : -EPIPE;
}

static void draw(struct x11 *x)
{
    const struct cmp_app *app = x->app;
    struct buffer *b = NULL;

    for (int i = 0; i < BUFFERS && !b; i++)
        if (!x->buffers[i].busy)
            b = &x->buffers[i];
    x->dirty = !b;
    if (!b)
        return;
    cmp_app_draw(app, &b->canvas);
    b->busy = true;
    cmp_app_stamp(x->app);
    xcb_shm_put_image(x->conn, x->window, x->gc, (uint16_t)app->width, (uint16_t)app->height, 0, 0,
                      (uint16_t)app->width, (uint16_t)app->height, 0, 0, 24,
                      XCB_IMAGE_FORMAT_Z_PIXMAP, 1, b->seg, 0);
    xcb_flush(x->conn);
    if (app->scene->animated)
        x->app->number++;
}

static void handle(struct x11 *x, const xcb_generic_event_t *event)
{
    uint8_t type = event->response_type & 0x7f;

    if (type == x->completion) {
        const xcb_shm_completion_event_t *done = (const void *)event;

        for (int i = 0; i < BUFFERS; i++)
            if (x->buffers[i].seg == done->shmseg)
                x->buffers[i].busy = false;
        if (x->dirty)
            draw(x);
    } else if (type == XCB_BUTTON_PRESS && !x->app->scene->animated) {
        x->app->number++;
        draw(x);
    } else if (type == XCB_EXPOSE && !x->app->scene->animated && !x->app->step) {
        draw(x);
    }
}

static void handle_all(struct x11 *x)
{
    xcb_generic_event_t *event;

    while ((event = xcb_poll_for_event(x->conn))) {
        handle(x, event);
        free(event);
    }
}

/* Draws what is due. Nanoseconds until more is, or -1. */
static int64_t run_clock(struct x11 *x)
{
    uint64_t now = gs_now_ns();

    if (!x->app->scene->animated)
        return -1;
    if (x->next_ns <= now) {
        draw(x);
        /* No hurry after a delay: what was missed is not drawn. */
        x->next_ns = GS_MAX(x->next_ns + GS_NS_PER_S / CMP_FPS, now);
    }
    now = gs_now_ns();
    return x->next_ns > now ? (int64_t)(x->next_ns - now) : 0;
}

static int run_window(struct x11 *x)
{
    struct pollfd fd = {.fd = xcb_get_file_descriptor(x->conn), .events = POLLIN};

    x->next_ns = gs_now_ns();
    while (!xcb_connection_has_error(x->conn)) {
        int64_t left;
        struct timespec wait;

        handle_all(x);
        left = run_clock(x);
        wait = (struct timespec){.tv_nsec = (long)GS_MAX(left, 0)};
        ppoll(&fd, 1, left < 0 ? NULL : &wait, NULL);
    }
    return 0; /* the server went away: that is how a run ends */
}

/* A number a line comes in, "drawn" goes out when the server has the picture. */
static int run_steps(struct x11 *x)
{
    char line[32];

    while (fgets(line, sizeof(line), stdin)) {
        x->app->number = (uint32_t)strtoul(line, NULL, 10);
        draw(x);
        free(xcb_get_input_focus_reply(x->conn, xcb_get_input_focus(x->conn), NULL));
        if (xcb_connection_has_error(x->conn))
            return -EPIPE;
        handle_all(x);
        puts("drawn");
        fflush(stdout);
    }
    return 0;
}

int cmp_x11_run(struct cmp_app *app)
{
    struct x11 x = {.app = app, .conn = xcb_connect(NULL, NULL)};
    int r;

    if (xcb_connection_has_error(x.conn)) {
        fprintf(stderr, "gs-compare-app: no X display\n");
        return -ENOTCONN;
    }
    r = buffers_create(&x);
    if (r == 0)
        r = window_create(&x);
    if (r == 0)
        r = app->step ? run_steps(&x) : run_window(&x);
    xcb_disconnect(x.conn);
    return r;
}
