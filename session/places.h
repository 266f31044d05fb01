/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who a session's viewers are: which one controls it while the others watch, and how long one whose
 * connection broke is waited for. At most one controls. Pure: time is an argument (CLOCK_MONOTONIC,
 * ns). One owner.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/clock.h"
#include "common/link.h"

/* How long a viewer whose connection broke keeps its place, as long as it is heard. */
#define GS_PLACES_GRACE (30 * GS_NS_PER_S)

struct gs_place {
    bool taken;
    bool view;                        /* it only watches */
    bool receives;                    /* its receiver is heard */
    uint32_t client;                  /* the link's number of it; 0: its connection broke */
    uint64_t broken;                  /* when */
    char resume[GS_PROTO_TICKET_MAX]; /* "": it can't come back */
};

/* Who lost the control to another, and must not take it back by itself when its connection is made
 * again. */
struct gs_replaced {
    char resume[GS_PROTO_TICKET_MAX];
    uint64_t at;
};

struct gs_places {
    unsigned max;
    struct gs_place place[GS_VIEWERS_MAX];
    struct gs_replaced replaced[8]; /* the last ones */
    unsigned n_replaced;            /* ever */
};

/* max: 1 … GS_VIEWERS_MAX. */
void gs_places_init(struct gs_places *p, unsigned max);

/* Whose place a client keeps that says this resume ticket; -1: it has none. */
int gs_places_find_back(const struct gs_places *p, const char *resume);
/* It goes on by another connection. One that may only watch from now on loses the control; the
 * other way round nothing changes, for somebody else may have it. */
void gs_places_back(struct gs_places *p, int place, uint32_t client, bool view);

/* Who must leave before a new client can come: who has the control, when that one may control;
 * else, when all places are taken, the watcher whose connection has been broken for longest.
 * false: there is no place for it. *ret -1: nobody must. */
bool gs_places_make_room(const struct gs_places *p, bool view, int *ret);
/* The new one's place. Only after make_room. */
int gs_places_take(struct gs_places *p, uint32_t client, bool view, const char *resume);

/* Its connection broke. false: it can't come back, or is not heard any more, and shall leave. */
bool gs_places_broke(struct gs_places *p, int place, uint64_t now);
/* Its receiver is heard / is not heard any more. false: it shall leave. */
bool gs_places_heard(struct gs_places *p, int place, bool receives);
void gs_places_leave(struct gs_places *p, int place);
/* The same, because another took the control over. */
void gs_places_replace(struct gs_places *p, int place, uint64_t now);
/* Whether that happened less than GS_PLACES_GRACE ago to who says this resume ticket. */
bool gs_places_was_replaced(const struct gs_places *p, const char *resume, uint64_t now);
/* Connections can be made again: the time of those whose broke begins now. */
void gs_places_link_back(struct gs_places *p, uint64_t now);

/* When the first one's time is over; UINT64_MAX: nobody's. */
uint64_t gs_places_due(const struct gs_places *p);
/* One whose time is over; -1: none. */
int gs_places_overdue(const struct gs_places *p, uint64_t now);

/* By the link's number, not 0. -1: none. */
int gs_places_find(const struct gs_places *p, uint32_t client);
/* -1: nobody. */
int gs_places_controls(const struct gs_places *p);
unsigned gs_places_receiving(const struct gs_places *p);
