/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many objects one connection may hold: libwayland and wlroots set no bound, and a worker's
 * memory is that of all applications of its session. Surfaces are counted on their own, because a
 * commit of one looks at all; subsurfaces and popups, because wlroots walks their chains up with
 * every commit, and down by recursion.
 */
#include <glib.h>
#include <string.h>

#include "common/log.h"
#include "common/macros.h"
#include "session/desktop/desktop.h"

enum kind { OBJECT, SURFACE, CHILD, KINDS };

/* The kinds above OBJECT are objects as well. */
static const struct {
    const char *name;
    unsigned limit;
} kinds[KINDS] = {
    [OBJECT] = {"objects", 65536},
    [SURFACE] = {"surfaces", 4096},
    [CHILD] = {"subsurfaces and popups", 1024},
};

struct charge;

#define SPARES 64

struct quota {
    struct wl_client *client;
    struct charge *spare[SPARES]; /* every frame has a callback: no allocation for each */
    unsigned n_spare;
    unsigned held[KINDS];
    bool gone; /* the client; its objects follow */
    struct wl_listener created, destroyed;
};

/* Of each object. */
struct charge {
    struct quota *quota;
    enum kind kind;
    struct wl_listener destroyed;
};

static enum kind kind_of(const char *class)
{
    if (strcmp(class, "wl_surface") == 0)
        return SURFACE;
    return strcmp(class, "wl_subsurface") == 0 || strcmp(class, "xdg_popup") == 0 ? CHILD : OBJECT;
}

static void release(struct quota *q)
{
    if (!q->gone || q->held[OBJECT])
        return;
    while (q->n_spare)
        g_free(q->spare[--q->n_spare]);
    g_free(q);
}

static void handle_resource_destroyed(struct wl_listener *listener, void *data)
{
    struct charge *charge = wl_container_of(listener, charge, destroyed);
    struct quota *q = charge->quota;

    (void)data;
    q->held[OBJECT]--;
    if (charge->kind != OBJECT)
        q->held[charge->kind]--;
    if (q->n_spare < SPARES)
        q->spare[q->n_spare++] = charge;
    else
        g_free(charge);
    release(q);
}

/* Once for each limit: the connection ends when the request has been served. */
static void hold(struct quota *q, enum kind kind)
{
    if (++q->held[kind] != kinds[kind].limit + 1)
        return;
    gs_warn("an application holds more than %u %s and is disconnected", kinds[kind].limit,
            kinds[kind].name);
    wl_client_post_implementation_error(q->client, "more than %u %s", kinds[kind].limit,
                                        kinds[kind].name);
}

static void handle_resource_created(struct wl_listener *listener, void *data)
{
    struct quota *q = wl_container_of(listener, q, created);
    struct wl_resource *resource = data;
    struct charge *charge = q->n_spare ? q->spare[--q->n_spare] : g_new(struct charge, 1);

    *charge = (struct charge){.quota = q};
    charge->kind = kind_of(wl_resource_get_class(resource));
    charge->destroyed.notify = handle_resource_destroyed;
    wl_resource_add_destroy_listener(resource, &charge->destroyed);
    hold(q, OBJECT);
    if (charge->kind != OBJECT)
        hold(q, charge->kind);
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
