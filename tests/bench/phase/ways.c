/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How X11 applications bring a picture into their window. */
#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <GLES2/gl2.h>
#include <errno.h>
#include <stdlib.h>
#include <xcb/present.h>
#include <xcb/shm.h>

#include "tests/bench/compare/pixels.h"
#include "tests/bench/phase/app.h"

static uint32_t ground(const struct phase_app *app)
{
    return app->number & 1 ? 0x305070 : 0x703050;
}

static int sync_with_server(struct phase_app *app)
{
    xcb_get_input_focus_reply_t *reply =
        xcb_get_input_focus_reply(app->conn, xcb_get_input_focus(app->conn), NULL);

    free(reply);
    return reply ? 0 : -EPIPE;
}

/* ---- rectangles ---- */

void phase_fill(struct phase_app *app, xcb_drawable_t on, uint32_t rgb, int x, int y, int width,
                int height)
{
    const xcb_rectangle_t rect = {(int16_t)x, (int16_t)y, (uint16_t)width, (uint16_t)height};

    xcb_change_gc(app->conn, app->gc, XCB_GC_FOREGROUND, &rgb);
    xcb_poly_fill_rectangle(app->conn, on, app->gc, 1, &rect);
}

static void fill_all(struct phase_app *app, xcb_drawable_t on)
{
    const uint32_t rgb = 0xffffff;
    xcb_rectangle_t white[CMP_MARK_BLOCKS];
    uint32_t n;

    phase_marks(app->number, white, &n);
    phase_fill(app, on, ground(app), 500, 200, 400, 300);
    phase_fill(app, on, 0, 0, 0, CMP_MARK_WIDTH, CMP_MARK_SIZE);
    xcb_change_gc(app->conn, app->gc, XCB_GC_FOREGROUND, &rgb);
    xcb_poly_fill_rectangle(app->conn, on, app->gc, n, white);
}

static int fill_open(struct phase_app *app)
{
    (void)app;
    return 0;
}

static int fill_draw(struct phase_app *app)
{
    phase_stamp(app);
    fill_all(app, app->window);
    return sync_with_server(app);
}

/* ---- a pixmap that is copied ---- */

static int pixmaps_open(struct phase_app *app)
{
    for (int i = 0; i < PHASE_BUFFERS; i++) {
        app->pixmap[i] = xcb_generate_id(app->conn);
        xcb_create_pixmap(app->conn, 24, app->pixmap[i], app->window, PHASE_WIDTH, PHASE_HEIGHT);
        phase_fill(app, app->pixmap[i], 0x202020, 0, 0, PHASE_WIDTH, PHASE_HEIGHT);
    }
    return 0;
}

static int copy_draw(struct phase_app *app)
{
    fill_all(app, app->pixmap[0]);
    phase_stamp(app);
    xcb_copy_area(app->conn, app->pixmap[0], app->window, app->gc, 0, 0, 0, 0, PHASE_WIDTH,
                  PHASE_HEIGHT);
    return sync_with_server(app);
}

/* ---- shared memory ---- */

static int put_open(struct phase_app *app)
{
    for (int i = 0; i < PHASE_BUFFERS; i++) {
        int fd, r = cmp_pixels_create(PHASE_WIDTH, PHASE_HEIGHT, &app->canvas[i], &fd);

        if (r < 0)
            return r;
        app->segment[i] = xcb_generate_id(app->conn);
        xcb_shm_attach_fd(app->conn, app->segment[i], fd, 1); /* takes the fd */
    }
    return 0;
}

static int put_draw(struct phase_app *app)
{
    unsigned i = app->number % PHASE_BUFFERS;

    gs_paint_rect(&app->canvas[i], 500, 200, 400, 300, ground(app));
    cmp_marks_paint(&app->canvas[i], app->number);
    phase_stamp(app);
    xcb_shm_put_image(app->conn, app->window, app->gc, PHASE_WIDTH, PHASE_HEIGHT, 0, 0, PHASE_WIDTH,
                      PHASE_HEIGHT, 0, 0, 24, XCB_IMAGE_FORMAT_Z_PIXMAP, 0, app->segment[i], 0);
    return sync_with_server(app);
}

/* ---- the Present extension ---- */

static int present_open(struct phase_app *app)
{
    uint32_t id = xcb_generate_id(app->conn);

    app->completed = xcb_register_for_special_xge(app->conn, &xcb_present_id, id, NULL);
    xcb_present_select_input(app->conn, id, app->window, XCB_PRESENT_EVENT_MASK_COMPLETE_NOTIFY);
    return app->completed ? pixmaps_open(app) : -ENOTSUP;
}

/* At the next refresh that the server knows, as a swap interval of 1 does. */
static int present_draw(struct phase_app *app)
{
    xcb_pixmap_t pixmap = app->pixmap[app->number % PHASE_BUFFERS];
    xcb_generic_event_t *event;

    fill_all(app, pixmap);
    phase_stamp(app);
    xcb_present_pixmap(app->conn, app->window, pixmap, app->number, XCB_NONE, XCB_NONE, 0, 0,
                       XCB_NONE, XCB_NONE, XCB_NONE, XCB_PRESENT_OPTION_NONE, 0, 0, 0, 0, NULL);
    xcb_flush(app->conn);
    event = xcb_wait_for_special_event(app->conn, app->completed);
    free(event);
    return event ? 0 : -EPIPE;
}

/* ---- OpenGL ES ---- */

static int gl_open(struct phase_app *app)
{
    static const EGLint config_attribs[] = {EGL_SURFACE_TYPE, EGL_WINDOW_BIT, EGL_RENDERABLE_TYPE,
                                            EGL_OPENGL_ES2_BIT, EGL_NONE};
    static const EGLint context_attribs[] = {EGL_CONTEXT_CLIENT_VERSION, 2, EGL_NONE};
    EGLDisplay display = eglGetPlatformDisplay(EGL_PLATFORM_XCB_EXT, app->conn, NULL);
    EGLConfig config;
    EGLSurface surface;
    EGLint n = 0;

    if (!eglInitialize(display, NULL, NULL) || !eglBindAPI(EGL_OPENGL_ES_API) ||
        !eglChooseConfig(display, config_attribs, &config, 1, &n) || n < 1)
        return -ENODEV;
    surface = eglCreatePlatformWindowSurface(display, config, &app->window, NULL);
    if (!eglMakeCurrent(display, surface, surface,
                        eglCreateContext(display, config, EGL_NO_CONTEXT, context_attribs)))
        return -ENODEV;
    app->egl_display = display;
    app->egl_surface = surface;
    return 0;
}

static void clear(int x, int y, int width, int height, uint32_t rgb)
{
    glScissor(x, PHASE_HEIGHT - y - height, width, height);
    glClearColor((float)(rgb >> 16 & 255) / 255, (float)(rgb >> 8 & 255) / 255,
                 (float)(rgb & 255) / 255, 1);
    glClear(GL_COLOR_BUFFER_BIT);
}

static int gl_draw(struct phase_app *app)
{
    xcb_rectangle_t white[CMP_MARK_BLOCKS];
    uint32_t n;

    phase_marks(app->number, white, &n);
    glEnable(GL_SCISSOR_TEST);
    clear(0, 0, PHASE_WIDTH, PHASE_HEIGHT, 0);
    clear(500, 200, 400, 300, ground(app));
    for (uint32_t i = 0; i < n; i++)
        clear(white[i].x, white[i].y, white[i].width, white[i].height, 0xffffff);
    glFinish();
    phase_stamp(app);
    return eglSwapBuffers(app->egl_display, app->egl_surface) ? 0 : -EPIPE;
}

const struct phase_way phase_ways[] = {
    {"put", put_open, put_draw},       {"fill", fill_open, fill_draw},
    {"copy", pixmaps_open, copy_draw}, {"present", present_open, present_draw},
    {"gl", gl_open, gl_draw},          {0},
};
