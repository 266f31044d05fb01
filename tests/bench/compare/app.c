/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/bench/compare/app.h"

#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"

#define SCROLL_STEP 4
#define PAGE_STEP 997 /* pixels between two still pages: no line meets its neighbour */

/* A page with a field in its middle half that shows the colour. */
static void draw_click(const struct gs_canvas *c, uint32_t number)
{
    int width = (int)c->width, height = (int)c->height;

    gs_paint_rect(c, 0, 0, width, height, GS_FLIP_PAGE);
    gs_paint_rect(c, width / 4, height / 4, width / 2, height / 2,
                  number & 1 ? GS_FLIP_COLOUR_B : GS_FLIP_COLOUR_A);
}

static void draw_scroll(const struct gs_canvas *c, uint32_t number)
{
    gs_paint_page(c, number * SCROLL_STEP);
}

static void draw_still(const struct gs_canvas *c, uint32_t number)
{
    gs_paint_page(c, number * PAGE_STEP);
}

const struct cmp_scene cmp_scenes[] = {
    {.name = "click", .draw = draw_click},
    {.name = "3d", .animated = true, .prepare = cmp_3d_prepare, .draw = cmp_3d_draw},
    {.name = "scroll", .animated = true, .draw = draw_scroll},
    {.name = "still", .draw = draw_still},
    {0},
};

void cmp_app_draw(const struct cmp_app *app, const struct gs_canvas *canvas)
{
    app->scene->draw(canvas, app->number);
    cmp_marks_paint(canvas, app->number);
}

void cmp_app_stamp(struct cmp_app *app)
{
    if (!app->log)
        return;
    app->log->stamp[app->number % CMP_NUMBERS] = gs_now_ns();
    app->log->drawn++;
}

static const struct cmp_scene *find_scene(const char *name)
{
    for (const struct cmp_scene *s = cmp_scenes; s->name; s++)
        if (name && !strcmp(s->name, name))
            return s;
    return NULL;
}

static int fail_usage(const char *why)
{
    fprintf(stderr, "gs-compare-app: %s\n", why);
    return 2;
}

int main(int argc, char **argv)
{
    struct cmp_app app = {.width = 1280, .height = 720};
    g_autofree char *scene = NULL, *log = NULL;
    gboolean wayland = FALSE, step = FALSE;
    const GOptionEntry entries[] = {
        {"scene", 0, 0, G_OPTION_ARG_STRING, &scene, "click, 3d, scroll or still", "NAME"},
        {"log", 0, 0, G_OPTION_ARG_FILENAME, &log, "Keeps the times there", "FILE"},
        {"width", 0, 0, G_OPTION_ARG_INT, &app.width, "Of the window (1280)", "N"},
        {"height", 0, 0, G_OPTION_ARG_INT, &app.height, "Of the window (720)", "N"},
        {"wayland", 0, 0, G_OPTION_ARG_NONE, &wayland, "A Wayland window (X11)", NULL},
        {"step", 0, 0, G_OPTION_ARG_NONE, &step, "Draws the numbers that stdin says (X11)", NULL},
        {0}};
    g_autoptr(GOptionContext) context = g_option_context_new("- draws what is compared");
    g_autoptr(GError) error = NULL;
    int r;

    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error))
        return fail_usage(error->message);
    app.scene = find_scene(scene);
    app.step = step;
    if (!app.scene)
        return fail_usage("--scene click, 3d, scroll or still is needed");
    if (app.width < CMP_MARK_WIDTH || app.height < CMP_MARK_SIZE || app.width > 8192 ||
        app.height > 8192 || (wayland && step))
        return fail_usage("this size, or --step with --wayland, can't be done");
    r = log ? cmp_log_open(log, true, &app.log) : 0;
    if (r == 0 && app.scene->prepare)
        r = app.scene->prepare(app.width, app.height);
    if (r == 0 && app.log)
        app.log->pid = getpid();
    if (r == 0)
        r = wayland ? cmp_wayland_run(&app) : cmp_x11_run(&app);
    if (r < 0)
        fprintf(stderr, "gs-compare-app: %s\n", strerror(-r));
    return r < 0 ? 1 : 0;
}
