/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gs-phase-app: an X11 window that is drawn in one of the ways that applications have, by a clock
 * of its own. Each picture has a number in it, and a file says when it was handed over. */
#include "tests/bench/phase/app.h"

#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"

#define PIECE_NS (GS_NS_PER_MS / 2)

void phase_stamp(struct phase_app *app)
{
    app->log->stamp[app->number % CMP_NUMBERS] = gs_now_ns();
    app->log->drawn++;
}

void phase_marks(uint32_t number, xcb_rectangle_t white[CMP_MARK_BLOCKS], uint32_t *ret_n)
{
    struct gs_canvas canvas = {.width = CMP_MARK_WIDTH, .height = 1, .stride = CMP_MARK_WIDTH};
    uint32_t row[CMP_MARK_WIDTH];

    canvas.pixels = row;
    cmp_marks_paint(&canvas, number);
    *ret_n = 0;
    for (int i = 0; i < CMP_MARK_BLOCKS; i++) {
        if (row[i * CMP_MARK_SIZE] & 0xffffff)
            white[(*ret_n)++] =
                (xcb_rectangle_t){(int16_t)(i * CMP_MARK_SIZE), 0, CMP_MARK_SIZE, CMP_MARK_SIZE};
    }
}

static int window_create(struct phase_app *app)
{
    xcb_screen_t *screen = xcb_setup_roots_iterator(xcb_get_setup(app->conn)).data;
    const uint32_t values[] = {screen->black_pixel, 0};

    if (screen->root_depth != 24)
        return -ENOTSUP;
    app->screen = screen;
    app->window = xcb_generate_id(app->conn);
    xcb_create_window(app->conn, XCB_COPY_FROM_PARENT, app->window, screen->root, 0, 0, PHASE_WIDTH,
                      PHASE_HEIGHT, 0, XCB_WINDOW_CLASS_INPUT_OUTPUT, screen->root_visual,
                      XCB_CW_BACK_PIXEL | XCB_CW_EVENT_MASK, values);
    app->gc = xcb_generate_id(app->conn);
    xcb_create_gc(app->conn, app->gc, app->window, 0, NULL);
    xcb_map_window(app->conn, app->window);
    return xcb_flush(app->conn) > 0 ? 0 : -EPIPE;
}

static void sleep_until(uint64_t at)
{
    const struct timespec t = {.tv_sec = (time_t)(at / GS_NS_PER_S),
                               .tv_nsec = (long)(at % GS_NS_PER_S)};

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
        ;
}

/* What a toolkit does that paints its widgets one after the other. */
static void draw_pieces(struct phase_app *app)
{
    for (int i = 0; i < app->pieces; i++) {
        phase_fill(app, app->window, app->number * 0x10305U & 0xffffffU, 0, 100 + 50 * i, 400, 40);
        xcb_flush(app->conn);
        sleep_until(gs_now_ns() + PIECE_NS);
    }
}

static int run(struct phase_app *app, const struct phase_way *way)
{
    uint64_t next = gs_now_ns();

    while (!xcb_connection_has_error(app->conn)) {
        int r;

        draw_pieces(app);
        r = way->draw(app);
        if (r < 0)
            return r;
        app->number++;
        if (app->period_ns == 0)
            continue;
        next = GS_MAX(next + app->period_ns, gs_now_ns());
        sleep_until(next);
    }
    return 0; /* the server went away: that is how a run ends */
}

static int fail(const char *why)
{
    fprintf(stderr, "gs-phase-app: %s\n", why);
    return 1;
}

int main(int argc, char **argv)
{
    struct phase_app app = {0};
    g_autofree char *how = NULL, *log = NULL;
    double rate = 60;
    const GOptionEntry entries[] = {
        {"how", 0, 0, G_OPTION_ARG_STRING, &how, "put, fill, copy, present or gl", "NAME"},
        {"log", 0, 0, G_OPTION_ARG_FILENAME, &log, "Keeps the times there", "FILE"},
        {"rate", 0, 0, G_OPTION_ARG_DOUBLE, &rate, "Pictures a second; 0: no clock (60)", "N"},
        {"pieces", 0, 0, G_OPTION_ARG_INT, &app.pieces, "Drawn before, one by one (0)", "N"},
        {0}};
    g_autoptr(GOptionContext) context = g_option_context_new("- draws on X11");
    g_autoptr(GError) error = NULL;
    const struct phase_way *way = phase_ways;
    int r;

    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error))
        return fail(error->message);
    while (way->name && g_strcmp0(way->name, how))
        way++;
    if (!way->name || !log || rate < 0 || rate > 1000)
        return fail("--how and --log are needed, and --rate up to 1000");
    app.period_ns = rate > 0 ? (uint64_t)((double)GS_NS_PER_S / rate) : 0;
    app.conn = xcb_connect(NULL, NULL);
    if (xcb_connection_has_error(app.conn))
        return fail("no X display");
    r = cmp_log_open(log, false, &app.log);
    if (r == 0)
        r = window_create(&app);
    if (r == 0)
        r = way->open(&app);
    if (r == 0)
        r = run(&app, way);
    return r < 0 ? fail(strerror(-r)) : 0;
}
