/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/bench/sched-sim/clock.h"

#include <glib.h>
#include <stdbool.h>

static bool before(const struct sim_event *a, const struct sim_event *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

void sim_clock_at(struct sim_clock *c, uint64_t at, sim_event_fn fn, void *arg, uint64_t tag)
{
    const struct sim_event e = {at > c->now ? at : c->now, c->order++, tag, fn, arg};
    size_t i = c->n++;

    if (c->n > c->room) {
        c->room = c->room ? 2 * c->room : 64;
        c->heap = g_renew(struct sim_event, c->heap, c->room);
    }
    for (; i > 0 && before(&e, &c->heap[(i - 1) / 2]); i = (i - 1) / 2)
        c->heap[i] = c->heap[(i - 1) / 2];
    c->heap[i] = e;
}

static struct sim_event pop(struct sim_clock *c)
{
    const struct sim_event first = c->heap[0], last = c->heap[--c->n];
    size_t i = 0;

    for (size_t child; (child = 2 * i + 1) < c->n; i = child) {
        if (child + 1 < c->n && before(&c->heap[child + 1], &c->heap[child]))
            child++;
        if (!before(&c->heap[child], &last))
            break;
        c->heap[i] = c->heap[child];
    }
    c->heap[i] = last;
    return first;
}

void sim_clock_run(struct sim_clock *c, uint64_t until)
{
    while (c->n > 0 && c->heap[0].at <= until) {
        struct sim_event e = pop(c);

        c->now = e.at;
        e.fn(e.arg, e.tag);
    }
    c->now = until;
}

void sim_clock_finish(struct sim_clock *c)
{
    g_free(c->heap);
    *c = (struct sim_clock){0};
}
