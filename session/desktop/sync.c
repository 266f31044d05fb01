/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Replies to wl_display.sync that are held. libwayland answers sync by itself, but the requests of
 * wl_display are those of a resource like any other: object 1 of each client gets a table in which
 * sync is ours and the rest as it was.
 */
#include <wayland-server.h>

#include "common/clock.h"
#include "common/log.h"
#include "session/desktop/desktop.h"

#define DISPLAY_ID 1
/* EGL sends its sync right behind the commit. One that comes later is somebody else's, who would
 * wait for a turn in which nobody draws. */
#define SOON (100 * GS_NS_PER_MS)
/* More than wait behind the first are a flood: it gets its answers, which bounds the memory. */
#define HELD_MAX 256

/* Of each client. */
struct sync {
    struct gs_desktop *d;
    struct gs_hold hold;
    uint64_t armed_until;
    uint64_t count;
    GPtrArray *held; /* wl_resource of wl_callback; not empty while held */
    struct wl_listener destroyed;
};

static void handle_client_destroyed(struct wl_listener *listener, void *data)
{
    struct sync *s = wl_container_of(listener, s, destroyed);

    (void)data;
    wl_list_remove(&s->destroyed.link);
    gs_hold_drop(&s->hold);
    g_ptr_array_free(s->held, TRUE); /* the callbacks go with their client */
    g_free(s);
}

/* NULL: a client that is about to go. */
static struct sync *sync_of(struct wl_client *client)
{
    struct wl_listener *listener = wl_client_get_destroy_listener(client, handle_client_destroyed);
    struct sync *s;

    return listener ? wl_container_of(listener, s, destroyed) : NULL;
}

/* In the order in which they came, all of them: a client may rely on it. */
static void answer(struct gs_hold *hold)
{
    struct sync *s = wl_container_of(hold, s, hold);
    uint32_t serial = wl_display_get_serial(s->d->display);

    for (guint i = 0; i < s->held->len; i++) {
        struct wl_resource *callback = g_ptr_array_index(s->held, i);

        wl_callback_send_done(callback, serial);
        wl_resource_destroy(callback);
    }
    g_ptr_array_set_size(s->held, 0);
}

static void hold_callback(struct sync *s, struct wl_client *client, uint32_t id)
{
    struct wl_resource *callback = wl_resource_create(client, &wl_callback_interface, 1, id);

    if (!callback) {
        wl_client_post_no_memory(client);
        return;
    }
    g_ptr_array_add(s->held, callback);
    if (s->held->len == 1) {
        gs_hold_begin(s->d, &s->hold);
        gs_desktop_sync_wanted(s->d);
    } else if (s->held->len == HELD_MAX) {
        gs_hold_drop(&s->hold);
        answer(&s->hold);
    }
}

static void handle_sync(struct wl_client *client, struct wl_resource *display, uint32_t id)
{
    struct sync *s = sync_of(client);
    struct gs_desktop *d = s->d;
    bool armed = s->armed_until != 0 && gs_now_ns() < s->armed_until;

    s->count++;
    s->armed_until = 0;
    if (s->held->len > 0 || (armed && d->gate.shut))
        hold_callback(s, client, id);
    else
        d->gate.display->sync(client, display, id);
}

/* The first fields of wl_resource, which libwayland keeps where they are for its old users. Checked
 * all the same: what they say must be what is known. */
static bool learn(struct gs_gate *g, struct wl_display *display, struct wl_resource *resource)
{
    const struct wl_display_interface *found = resource->object.implementation;

    if (resource->object.id != DISPLAY_ID || resource->data != display ||
        wl_resource_get_user_data(resource) != display || !found ||
        !wl_resource_instance_of(resource, &wl_display_interface, found))
        return false;
    g->display = found;
    g->display_held = *found;
    g->display_held.sync = handle_sync;
    return true;
}

static void intercept(struct gs_desktop *d, struct wl_client *client)
{
    struct wl_resource *resource = wl_client_get_object(client, DISPLAY_ID);

    if (!d->gate.display && (!resource || !learn(&d->gate, d->display, resource))) {
        gs_warn("this libwayland is not known: applications without frame limit are not held");
        return;
    }
    wl_resource_set_implementation(resource, &d->gate.display_held,
                                   wl_resource_get_user_data(resource), resource->destroy);
}

void gs_sync_create(struct gs_desktop *d, struct wl_client *client)
{
    struct sync *s = g_new0(struct sync, 1);

    s->d = d;
    s->held = g_ptr_array_new();
    gs_hold_init(&s->hold, answer);
    s->destroyed.notify = handle_client_destroyed;
    wl_client_add_destroy_listener(client, &s->destroyed);
    intercept(d, client);
}

void gs_sync_arm(struct wl_client *client)
{
    struct sync *s = sync_of(client);

    if (s)
        s->armed_until = gs_now_ns() + SOON;
}

uint64_t gs_sync_count(struct wl_client *client)
{
    const struct sync *s = sync_of(client);

    return s ? s->count : 0;
}
