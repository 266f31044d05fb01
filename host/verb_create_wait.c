/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/verb_create_wait.h"

#include <stdio.h>
#include <string.h>

#include "common/proto.h"
#include "host/http.h"

#define LOOK_US G_USEC_PER_SEC

struct gs_create_wait {
    const struct gs_api_options *api;
    char *target;
    GThread *thread;
    GMutex lock;
    GCond changed;
    bool end; /* by lock */
};

static const char *ordinal(json_int_t n)
{
    if (n % 100 >= 11 && n % 100 <= 13)
        return "th";
    return n % 10 == 1 ? "st" : n % 10 == 2 ? "nd" : n % 10 == 3 ? "rd" : "th";
}

/* What is to be said; NULL: it does not wait (any more). */
static char *look(const struct gs_create_wait *w)
{
    json_t *answer = gs_api_try(w->api, w->target);
    const json_t *queue = json_object_get(json_object_get(answer, "session"), "queue");
    json_int_t place = gs_api_number(queue, "place");
    char *text = NULL;

    if (json_is_object(queue))
        text = g_strdup_printf("waits: %" JSON_INTEGER_FORMAT "%s in the queue, %s", place,
                               ordinal(place), gs_api_text(queue, "why"));
    json_decref(answer);
    return text;
}

static bool wait_a_moment(struct gs_create_wait *w)
{
    gint64 until = g_get_monotonic_time() + LOOK_US;
    bool end;

    g_mutex_lock(&w->lock);
    while (!w->end && g_cond_wait_until(&w->changed, &w->lock, until))
        continue;
    end = w->end;
    g_mutex_unlock(&w->lock);
    return !end;
}

static gpointer follow(gpointer data)
{
    struct gs_create_wait *w = data;
    g_autofree char *said = NULL;

    while (wait_a_moment(w)) {
        g_autofree char *text = look(w);

        if (text && g_strcmp0(text, said) != 0)
            fprintf(stderr, "%s\n", text);
        if (text) {
            g_free(said);
            said = g_steal_pointer(&text);
        }
    }
    return NULL;
}

struct gs_create_wait *gs_create_wait_begin(const struct gs_api_options *o, const char *name)
{
    struct gs_create_wait *w;
    g_autofree char *why = NULL;

    if (!gs_session_name_valid(name) || !gs_http_load(&why))
        return NULL; /* what asks for the session complains */
    w = g_new0(struct gs_create_wait, 1);
    w->api = o;
    w->target = g_strconcat("/v1/sessions/", name, NULL);
    g_mutex_init(&w->lock);
    g_cond_init(&w->changed);
    w->thread = g_thread_new("wait", follow, w);
    return w;
}

void gs_create_wait_end(struct gs_create_wait *w)
{
    if (!w)
        return;
    g_mutex_lock(&w->lock);
    w->end = true;
    g_cond_signal(&w->changed);
    g_mutex_unlock(&w->lock);
    g_thread_join(w->thread);
    g_mutex_clear(&w->lock);
    g_cond_clear(&w->changed);
    g_free(w->target);
    g_free(w);
}
