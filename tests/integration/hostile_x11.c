/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An X11 client beyond measure. hostile_x11 MODE; 0: borne to the end, 9: disconnected. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xcb/xcb.h>

static xcb_connection_t *conn;
static xcb_screen_t *screen;

static xcb_window_t window(int16_t x, int16_t y, uint16_t width, uint16_t height, uint32_t override)
{
    const uint32_t values[] = {0x808080, override, XCB_EVENT_MASK_EXPOSURE};
    xcb_window_t id = xcb_generate_id(conn);

    xcb_create_window(conn, XCB_COPY_FROM_PARENT, id, screen->root, x, y, width, height, 0,
                      XCB_WINDOW_CLASS_INPUT_OUTPUT, screen->root_visual,
                      XCB_CW_BACK_PIXEL | XCB_CW_OVERRIDE_REDIRECT | XCB_CW_EVENT_MASK, values);
    xcb_map_window(conn, id);
    return id;
}

/* Waits until the server has done everything so far. */
static void sync_up(void)
{
    free(xcb_get_input_focus_reply(conn, xcb_get_input_focus(conn), NULL));
}

static void move(xcb_window_t id, int32_t x, int32_t y, uint32_t width, uint32_t height)
{
    const uint32_t values[] = {(uint32_t)x, (uint32_t)y, width, height};

    xcb_configure_window(conn, id,
                         XCB_CONFIG_WINDOW_X | XCB_CONFIG_WINDOW_Y | XCB_CONFIG_WINDOW_WIDTH |
                             XCB_CONFIG_WINDOW_HEIGHT,
                         values);
}

/* As large as the server makes them; it has to hold their pixels itself. */
static void huge(void)
{
    xcb_window_t id = window(0, 0, 4000, 4000, 0);

    for (int i = 0; i < 20; i++) {
        move(id, i & 1 ? -32768 : 32767, 0, 32767, i & 1 ? 1 : 64);
        sync_up();
    }
    window(-30000, -30000, 32767, 64, 1);
    sync_up();
}

static void many(void)
{
    for (int i = 0; i < 2000; i++) {
        xcb_window_t id = window((int16_t)(i % 600), (int16_t)(i % 300), 20, 20, 0);

        if (i % 2)
            xcb_destroy_window(conn, id);
        if (i % 50 == 0)
            sync_up();
    }
}

/* Windows that place themselves, over each other, again and again. */
static void override(void)
{
    xcb_window_t ids[50];

    for (int i = 0; i < 50; i++)
        ids[i] = window((int16_t)i, (int16_t)i, 50, 50, 1);
    for (int i = 0; i < 5000; i++) {
        const uint32_t above[] = {XCB_STACK_MODE_ABOVE};
        xcb_window_t id = ids[i % 50];

        xcb_configure_window(conn, id, XCB_CONFIG_WINDOW_STACK_MODE, above);
        move(id, i % 700 - 50, i % 400, 1 + (uint32_t)i % 100, 1 + (uint32_t)i % 90);
        if (i % 7 == 0)
            xcb_unmap_window(conn, id);
        if (i % 7 == 1)
            xcb_map_window(conn, id);
        if (i % 100 == 0)
            sync_up();
    }
}

static void set_transient(xcb_window_t id, xcb_window_t parent)
{
    xcb_change_property(conn, XCB_PROP_MODE_REPLACE, id, XCB_ATOM_WM_TRANSIENT_FOR, XCB_ATOM_WINDOW,
                        32, 1, &parent);
}

/* Each is the other's parent, and the last its own. */
static void loops(void)
{
    xcb_window_t a = window(0, 0, 100, 100, 0), b = window(0, 0, 100, 100, 0);
    xcb_window_t c = window(0, 0, 100, 100, 0);

    for (int i = 0; i < 20; i++) {
        set_transient(a, b);
        set_transient(b, i & 1 ? a : c);
        set_transient(c, i & 2 ? c : a);
        xcb_unmap_window(conn, a);
        xcb_map_window(conn, a);
        sync_up();
        usleep(20000);
    }
}

/* Properties of any content on every name that a window manager reads. But for _NET_WM_STATE in
 * other units than 32 bits: wlroots 0.15 reads four bytes for each, past the end of the reply. */
static void properties(void)
{
    static const char *const names[] = {"WM_NORMAL_HINTS", "WM_HINTS",    "WM_CLASS",
                                        "_NET_WM_NAME",    "_NET_WM_PID", "_NET_WM_WINDOW_TYPE",
                                        "_MOTIF_WM_HINTS", "WM_PROTOCOLS"};
    static const uint8_t formats[] = {8, 16, 32};
    static uint32_t junk[30000];
    xcb_window_t id = window(0, 0, 100, 100, 0);

    for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
        xcb_intern_atom_reply_t *atom = xcb_intern_atom_reply(
            conn, xcb_intern_atom(conn, 0, (uint16_t)strlen(names[n]), names[n]), NULL);

        for (uint32_t i = 0; atom && i < 30; i++) {
            memset(junk, (int)(i * 37), sizeof(junk));
            xcb_change_property(conn, XCB_PROP_MODE_REPLACE, id, atom->atom,
                                i & 1 ? XCB_ATOM_STRING : XCB_ATOM_CARDINAL, formats[i % 3],
                                i * i * i, junk);
            sync_up();
        }
        free(atom);
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } modes[] = {{"huge", huge},
                 {"many", many},
                 {"override", override},
                 {"loops", loops},
                 {"properties", properties}};

    conn = xcb_connect(NULL, NULL);
    if (xcb_connection_has_error(conn))
        return 1;
    screen = xcb_setup_roots_iterator(xcb_get_setup(conn)).data;
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        if (argc < 2 || strcmp(modes[i].name, argv[1]) != 0)
            continue;
        modes[i].run();
        for (int k = 0; k < 20; k++) {
            sync_up();
            usleep(20000);
        }
        return xcb_connection_has_error(conn) ? 9 : 0;
    }
    return 2;
}
