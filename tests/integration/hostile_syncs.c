/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests to wl_display, which the compositor intercepts: as no library would send them, too many,
 * and by clients that are gone before the answer. */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hostile_app.h"

#define SYNC 0
#define GET_REGISTRY 1
#define DISPLAY_ID 1

/* A message to wl_display with one argument, written by hand: size and opcode may be wrong. */
static void raw(struct wild *w, uint32_t opcode, uint32_t size, uint32_t argument)
{
    uint32_t message[3] = {DISPLAY_ID, size << 16 | opcode, argument};

    wl_display_flush(w->display);
    if (send(wl_display_get_fd(w->display), message, sizeof(message), MSG_NOSIGNAL) < 0)
        return; /* which is found out elsewhere */
}

/* Three frames that nobody was asked for: from the second on a sync behind one may be held. */
static struct wl_surface *hurry(struct wild *w)
{
    struct wl_surface *surface = wild_window(w);

    for (int i = 0; i < 3; i++)
        wild_show(w, surface, 100, 100);
    return surface;
}

static void drop_reply(void *data, struct wl_callback *callback, uint32_t serial)
{
    (void)data;
    (void)serial;
    wl_callback_destroy(callback);
}

static const struct wl_callback_listener reply_listener = {drop_reply};

static uint32_t send_sync(struct wild *w)
{
    struct wl_callback *callback = wl_display_sync(w->display);

    wl_callback_add_listener(callback, &reply_listener, NULL);
    return wl_proxy_get_id((struct wl_proxy *)callback);
}

/* Ids that are taken, that are none, or not the client's to give; messages that are none. */
static bool bad_syncs(struct wild *w, unsigned i)
{
    static const struct {
        uint32_t opcode, size, argument;
    } messages[] = {
        {SYNC, 12, DISPLAY_ID}, {SYNC, 12, 0},          {SYNC, 12, 2},
        {SYNC, 12, 60000},      {SYNC, 12, 0xff000000}, {SYNC, 12, UINT32_MAX},
        {SYNC, 8, 100},         {2, 12, 100},           {UINT16_MAX, 12, 100},
        {SYNC, 0, 100},         {GET_REGISTRY, 12, 0},  {GET_REGISTRY, 12, DISPLAY_ID},
    };

    if (i >= 2 * sizeof(messages) / sizeof(messages[0]))
        return false;
    if (i & 1) {
        hurry(w);
        send_sync(w);
    }
    raw(w, messages[i / 2].opcode, messages[i / 2].size, messages[i / 2].argument);
    return true;
}

/* The id of a sync that may still be held, once more: taken, then. */
static bool twice(struct wild *w, unsigned i)
{
    if (i >= 10)
        return false;
    hurry(w);
    raw(w, SYNC, 12, send_sync(w));
    return true;
}

/* Far more than are kept, behind each of many frames. */
static void syncs(struct wild *w)
{
    struct wl_surface *surface = hurry(w);

    for (int i = 0; i < 20; i++) {
        wild_show(w, surface, 100 + i, 100);
        for (int k = 0; k < 3000; k++)
            send_sync(w);
        wl_display_roundtrip(w->display);
    }
}

/* The same, and no answer is ever read. It ends without a round trip: a libwayland that once failed
 * to send turns in circles there. */
static void deaf(struct wild *w)
{
    struct wl_surface *surface = hurry(w);

    for (int i = 0; i < 200 && wl_display_get_error(w->display) == 0; i++) {
        wild_show(w, surface, 100, 100);
        for (int k = 0; k < 1000; k++)
            send_sync(w);
        wl_display_flush(w->display);
    }
    exit(wl_display_get_error(w->display) ? 9 : 0);
}

/* Connections that end while they are held, with their surface and without. */
static void leavers(struct wild *w)
{
    for (int i = 0; i < 100; i++) {
        struct wild other;
        struct wl_surface *surface;

        wild_open(&other);
        surface = hurry(&other);
        if (i & 1)
            wl_surface_destroy(surface);
        for (int k = 0; k < i; k++)
            send_sync(&other);
        wl_display_flush(other.display);
        wild_alive(w); /* it was read, then */
        wild_close(&other);
    }
}

/* Other requests that make objects while replies are held: ids are given and taken back. */
static void registries(struct wild *w)
{
    struct wl_surface *surface = hurry(w);

    for (int i = 0; i < 30; i++) {
        wild_show(w, surface, 100, 100);
        for (int k = 0; k < 50; k++) {
            send_sync(w);
            wl_registry_destroy(wl_display_get_registry(w->display));
            wl_callback_destroy(wl_display_sync(w->display));
        }
        wl_display_roundtrip(w->display);
    }
}

const struct wild_mode wild_sync_modes[] = {
    {.name = "bad-syncs", .crime = bad_syncs},
    {.name = "twice", .crime = twice},
    {.name = "syncs", .run = syncs},
    {.name = "deaf", .run = deaf},
    {.name = "leavers", .run = leavers},
    {.name = "registries", .run = registries},
    {.name = NULL},
};
