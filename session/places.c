/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/places.h"

#include <assert.h>
#include <string.h>

void gs_places_init(struct gs_places *p, unsigned max)
{
    *p = (struct gs_places){.max = GS_CLAMP(max, 1, GS_VIEWERS_MAX)};
}

static bool is_broken(const struct gs_place *place)
{
    return place->taken && !place->client;
}

int gs_places_find_back(const struct gs_places *p, const char *resume)
{
    for (int i = 0; i < GS_VIEWERS_MAX && *resume; i++)
        if (p->place[i].taken && strcmp(p->place[i].resume, resume) == 0)
            return i;
    return -1;
}

void gs_places_back(struct gs_places *p, int place, uint32_t client, bool view)
{
    p->place[place].client = client;
    p->place[place].view |= view;
}

static int longest_broken_watcher(const struct gs_places *p)
{
    int found = -1;

    for (int i = 0; i < GS_VIEWERS_MAX; i++)
        if (is_broken(&p->place[i]) && p->place[i].view &&
            (found < 0 || p->place[i].broken < p->place[found].broken))
            found = i;
    return found;
}

bool gs_places_make_room(const struct gs_places *p, bool view, int *ret)
{
    unsigned taken = 0;

    for (unsigned i = 0; i < GS_VIEWERS_MAX; i++)
        taken += p->place[i].taken;
    *ret = view ? -1 : gs_places_controls(p);
    if (*ret >= 0 || taken < p->max)
        return true;
    *ret = longest_broken_watcher(p);
    return *ret >= 0;
}

int gs_places_take(struct gs_places *p, uint32_t client, bool view, const char *resume)
{
    int i = 0;

    while (p->place[i].taken)
        i++;
    assert(i < GS_VIEWERS_MAX);
    p->place[i] = (struct gs_place){.taken = true, .view = view, .client = client};
    strncpy(p->place[i].resume, resume, sizeof(p->place[i].resume) - 1);
    return i;
}

bool gs_places_broke(struct gs_places *p, int place, uint64_t now)
{
    struct gs_place *pl = &p->place[place];

    pl->client = 0;
    pl->broken = now;
    return pl->receives && pl->resume[0];
}

bool gs_places_heard(struct gs_places *p, int place, bool receives)
{
    p->place[place].receives = receives;
    return receives || !is_broken(&p->place[place]);
}

void gs_places_leave(struct gs_places *p, int place)
{
    p->place[place] = (struct gs_place){.taken = false};
}

void gs_places_replace(struct gs_places *p, int place, uint64_t now)
{
    struct gs_replaced *r = &p->replaced[p->n_replaced++ % GS_ARRAY_SIZE(p->replaced)];

    memcpy(r->resume, p->place[place].resume, sizeof(r->resume));
    r->at = now;
    gs_places_leave(p, place);
}

bool gs_places_was_replaced(const struct gs_places *p, const char *resume, uint64_t now)
{
    for (unsigned i = 0; i < GS_ARRAY_SIZE(p->replaced) && *resume; i++)
        if (strcmp(p->replaced[i].resume, resume) == 0 && now < p->replaced[i].at + GS_PLACES_GRACE)
            return true;
    return false;
}

void gs_places_link_back(struct gs_places *p, uint64_t now)
{
    for (unsigned i = 0; i < GS_VIEWERS_MAX; i++)
        if (is_broken(&p->place[i]))
            p->place[i].broken = now;
}

uint64_t gs_places_due(const struct gs_places *p)
{
    uint64_t due = UINT64_MAX;

    for (unsigned i = 0; i < GS_VIEWERS_MAX; i++)
        if (is_broken(&p->place[i]))
            due = GS_MIN(due, p->place[i].broken + GS_PLACES_GRACE);
    return due;
}

int gs_places_overdue(const struct gs_places *p, uint64_t now)
{
    for (int i = 0; i < GS_VIEWERS_MAX; i++)
        if (is_broken(&p->place[i]) && now >= p->place[i].broken + GS_PLACES_GRACE)
            return i;
    return -1;
}

int gs_places_find(const struct gs_places *p, uint32_t client)
{
    for (int i = 0; i < GS_VIEWERS_MAX; i++)
        if (p->place[i].taken && p->place[i].client == client)
            return i;
    return -1;
}

int gs_places_controls(const struct gs_places *p)
{
    for (int i = 0; i < GS_VIEWERS_MAX; i++)
        if (p->place[i].taken && !p->place[i].view)
            return i;
    return -1;
}

unsigned gs_places_receiving(const struct gs_places *p)
{
    unsigned n = 0;

    for (unsigned i = 0; i < GS_VIEWERS_MAX; i++)
        n += p->place[i].receives;
    return n;
}
