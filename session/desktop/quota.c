/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many objects one connection may hold: libwayland and wlroots set no bound, and a worker's
 * memory is that of all applications of its session. Subsurfaces and popups are counted on their
 * own, because wlroots walks their chains up with every commit, and down by recursion.
 */
#include <glib.h>
#include <string.h>

#include "common/log.h"
#include "session/desktop/desktop.h"

#define MAX_OBJECTS 65536
#define MAX_CHILDREN 1024

struct quota {
    struct wl_client *client;
    unsigned objects, children;
    bool gone; /* the client; its objects follow */
    struct wl_listener created, destroyed;
};

/* Of each object. */
struct charge {
    struct quota *quota;
    bool child;
    struct wl_listener destroyed;
};

static void release(struct quota *q)
{
    if (q->gone && !q->objects)
        g_free(q);
}

static void handle_resource_destroyed(struct wl_listener *listener, void *data)
{
    struct charge *charge = wl_container_of(listener, charge, destroyed);
    struct quota *q = charge->quota;

    (void)data;
    q->objects--;
    q->children -= charge->child;
    g_free(charge);
    release(q);
}

static void refuse(struct quota *q, const char *what, unsigned limit)
{
    gs_warn("an application holds more than %u %s and is disconnected", limit, what);
    wl_client_post_implementation_error(q->client, "more than %u %s", limit, what);
}

static bool is_child(const char *class)
{
    return strcmp(class, "wl_subsurface") == 0 || strcmp(class, "xdg_popup") == 0;
}

static void handle_resource_created(struct wl_listener *listener, void *data)
{
    struct quota *q = wl_container_of(listener, q, created);
    struct wl_resource *resource = data;
    struct charge *charge = g_new0(struct charge, 1);

    charge->quota = q;
    charge->child = is_child(wl_resource_get_class(resource));
    charge->destroyed.notify = handle_resource_destroyed;
    wl_resource_add_destroy_listener(resource, &charge->destroyed);
    /* Once each: the connection ends when the request has been served. */
    if (++q->objects == MAX_OBJECTS + 1)
        refuse(q, "objects", MAX_OBJECTS);
    q->children += charge->child;
    if (charge->child && q->children == MAX_CHILDREN + 1)
        refuse(q, "subsurfaces and popups", MAX_CHILDREN);
}

static void handle_client_destroyed(struct wl_listener *listener, void *data)
{
    struct quota *q = wl_container_of(listener, q, destroyed);

    (void)data;
    q->gone = true;
    release(q);
}

void gs_quota_create(struct wl_client *client)
{
    struct quota *q = g_new0(struct quota, 1);

    q->client = client;
    q->created.notify = handle_resource_created;
    wl_client_add_resource_created_listener(client, &q->created);
    q->destroyed.notify = handle_client_destroyed;
    wl_client_add_destroy_listener(client, &q->destroyed);
}
