/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <linux/input-event-codes.h>
#include <string.h>

#include "tests/apps/app.h"

#define SCROLL_STEP 4
#define WINDOWS_PAGE 0x305070

static void draw_counter(struct app_window *win, const struct gs_canvas *canvas)
{
    gs_paint_motion(canvas, win->app->drawn + 1);
    gs_paint_blocks(canvas, win->app->drawn + 1);
}

static void draw_static(struct app_window *win, const struct gs_canvas *canvas)
{
    (void)win;
    gs_paint_page(canvas, 0);
}

static void draw_scroll(struct app_window *win, const struct gs_canvas *canvas)
{
    gs_paint_page(canvas, win->app->drawn * SCROLL_STEP);
}

static void draw_colours(struct app_window *win, const struct gs_canvas *canvas)
{
    (void)win;
    gs_paint_colours(canvas);
}

static void draw_ramps(struct app_window *win, const struct gs_canvas *canvas)
{
    (void)win;
    gs_paint_ramps(canvas);
}

static void draw_stripes(struct app_window *win, const struct gs_canvas *canvas)
{
    (void)win;
    gs_paint_stripes(canvas);
}

/* A page with a field in its middle half that shows the colour. */
static void draw_flip(struct app_window *win, const struct gs_canvas *canvas)
{
    uint32_t colour = win->app->presses & 1 ? GS_FLIP_COLOUR_B : GS_FLIP_COLOUR_A;
    int width = (int)canvas->width, height = (int)canvas->height;

    gs_paint_rect(canvas, 0, 0, width, height, GS_FLIP_PAGE);
    gs_paint_rect(canvas, width / 4, height / 4, width / 2, height / 2, colour);
    gs_paint_blocks(canvas, win->app->presses);
}

static void press_flip(struct app *app, uint32_t code, uint32_t serial)
{
    (void)code;
    (void)serial;
    app_window_draw(&app->windows[0]);
}

/* Each role has a colour of its own. */
static void draw_windows(struct app_window *win, const struct gs_canvas *canvas)
{
    static const uint32_t colours[] = {[APP_TOPLEVEL] = WINDOWS_PAGE,
                                       [APP_DIALOG] = 0x60a040,
                                       [APP_POPUP] = 0xd04080,
                                       [APP_SUBSURFACE] = 0xe0c020};

    gs_paint_rect(canvas, 0, 0, (int)canvas->width, (int)canvas->height, colours[win->role]);
}

static void start_windows(struct app *app)
{
    struct app_window *top = &app->windows[0];

    app_window_open(app, APP_SUBSURFACE, top, 40, 60, 160, 120);
    app_window_open(app, APP_DIALOG, top, 0, 0, 320, 200);
}

static void press_windows(struct app *app, uint32_t code, uint32_t serial)
{
    if (code != BTN_RIGHT)
        return;
    app->popup_serial = serial;
    app_window_open(app, APP_POPUP, &app->windows[0], (int)app->pointer_x, (int)app->pointer_y, 120,
                    90);
}

static const struct app_mode modes[] = {
    {.name = "counter", .animated = true, .draw = draw_counter},
    {.name = "static", .draw = draw_static},
    {.name = "flip", .draw = draw_flip, .press = press_flip},
    {.name = "colours", .draw = draw_colours},
    {.name = "ramps", .draw = draw_ramps},
    {.name = "stripes", .draw = draw_stripes},
    {.name = "scroll", .animated = true, .draw = draw_scroll},
    {.name = "windows", .draw = draw_windows, .start = start_windows, .press = press_windows},
};

const struct app_mode *app_mode_find(const char *name)
{
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
        if (!strcmp(modes[i].name, name))
            return &modes[i];
    return NULL;
}
