/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the host changes while a session runs: the size of its output and its settings. Only while
 * no frame is in flight; what can't be had leaves all as it was, with a warning. Thread: main.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/link.h"
#include "session/parts.h"

struct gs_change;

struct gs_change_params {
    /* Borrowed. The configuration is kept as what is in force. */
    struct gs_parts *parts;
    struct gs_worker_config *config;
    /* The picture has that size from the next frame on; all of the old size have left. */
    void (*size_changed)(void *user, const struct gs_video *video);
    /* The configuration has other settings now; its rates are not in force yet. */
    void (*settings_changed)(void *user);
    /* There is no encoder any more: the session cannot go on. */
    void (*failed)(void *user, const char *reason);
    void *user;
};

struct gs_change *gs_change_create(const struct gs_change_params *params);
/* Accepts NULL. */
void gs_change_destroy(struct gs_change *c);

/* The host's messages GS_LINK_RESIZE and GS_LINK_SET, once the parts are built. */
void gs_change_size(struct gs_change *c, const uint8_t *payload, size_t size);
void gs_change_settings(struct gs_change *c, const char *json, size_t size);
