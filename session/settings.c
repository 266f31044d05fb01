/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/settings.h"

#include <glib.h>
#include <string.h>

static void replace(int32_t *value, int32_t with)
{
    if (with != GS_SET_UNCHANGED)
        *value = with;
}

void gs_settings_add(struct gs_worker_set *set, const struct gs_worker_set *more)
{
    replace(&set->fps, more->fps);
    replace(&set->max_kbps, more->max_kbps);
    replace(&set->quality, more->quality);
    replace(&set->unwatched, more->unwatched);
    if (more->effort[0])
        memcpy(set->effort, more->effort, sizeof(set->effort));
}

static void put(uint32_t *field, int32_t value)
{
    if (value != GS_SET_UNCHANGED)
        *field = (uint32_t)value;
}

void gs_settings_apply(const struct gs_worker_set *set, struct gs_worker_config *config)
{
    put(&config->fps, set->fps);
    put(&config->max_kbps, set->max_kbps);
    put(&config->quality, set->quality);
    if (set->unwatched != GS_SET_UNCHANGED)
        config->unwatched = (enum gs_unwatched)set->unwatched;
    if (set->effort[0])
        g_strlcpy(config->effort, set->effort, sizeof(config->effort));
}

struct gs_settings_difference gs_settings_compare(const struct gs_worker_config *a,
                                                  const struct gs_worker_config *b)
{
    return (struct gs_settings_difference){
        .fps = a->fps != b->fps,
        .rate = a->max_kbps != b->max_kbps,
        .quality = a->quality != b->quality,
        .effort = strcmp(a->effort, b->effort) != 0,
        .unwatched = a->unwatched != b->unwatched,
    };
}
