/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Made-up systems in which a session uses what a test says, one for each way a meter measures. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "host/meter.h"

struct world {
    char *root;
    struct gs_meter_params params;
    uint64_t now, used; /* ns */
    char text[4096];
    unsigned times_gone;
    struct gs_grant_up claims;
};

struct world_kind {
    const char *name;  /* for people */
    const char *meter; /* the kind that must be chosen there */
    void (*make)(struct world *w);
    /* The system says that w->used was used until w->now. */
    void (*say)(struct world *w);
    /* It says `text` instead. NULL: what it says can't be broken. */
    void (*garble)(struct world *w, const char *text);
    void (*vanish)(struct world *w); /* all that was measured ends */
    uint64_t error;                  /* ns */
};

/* name NULL at the end. */
extern const struct world_kind world_kinds[];

void world_make(struct world *w, const struct world_kind *kind);
void world_remove(struct world *w);
