/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Does to the application what the session's policy says for while nobody looks. Thread: main. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/link.h"
#include "session/parts.h"

struct gs_unwatched_guard;

/* Both are borrowed; the parts are built. Nobody looks yet. */
struct gs_unwatched_guard *gs_unwatched_create(struct gs_parts *parts,
                                               const struct gs_worker_config *config);
/* Lets the application go on as far as it is up to this. Accepts NULL. */
void gs_unwatched_destroy(struct gs_unwatched_guard *u);
/* Somebody receives, or nobody does any more. The application goes on before this returns, and
 * before a frame is asked for. */
void gs_unwatched_set_watched(struct gs_unwatched_guard *u, bool watched);
/* The configuration's rate or policy is another one. */
void gs_unwatched_follow(struct gs_unwatched_guard *u);
/* By this; turns do not count. */
bool gs_unwatched_frozen(const struct gs_unwatched_guard *u);
/* Whole seconds without anybody, at least 1; 0: somebody looks. */
uint32_t gs_unwatched_seconds(const struct gs_unwatched_guard *u);
