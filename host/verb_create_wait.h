/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Says on stderr that a session waits in the queue, and at which place, while its creation is
 * waited for. A thread of its own, as asking blocks. */
#pragma once

#include "host/api.h"

struct gs_create_wait;

/* Looks at the session of that name from a moment later on. Loads what asks, so that the thread
 * need not. Both are borrowed until the end. */
struct gs_create_wait *gs_create_wait_begin(const struct gs_api_options *o, const char *name);
/* Accepts NULL. */
void gs_create_wait_end(struct gs_create_wait *wait);
