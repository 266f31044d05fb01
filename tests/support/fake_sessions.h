/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host/sessions.h without processes, for tests of what stands before it. Sessions become ready a
 * moment after they were made. What a session runs decides how it goes: "fails" ends at once,
 * "never" does not become ready, and is queued where that was asked for. One at a time.
 */
#pragma once

#include "host/sessions.h"

struct gs_sessions *gs_fake_sessions_create(const struct gs_host_config *config,
                                            const char *log_dir);
void gs_fake_sessions_destroy(struct gs_sessions *s);
/* As of now, to those who listen and to the history. session may be unknown or "". */
void gs_fake_sessions_event(struct gs_sessions *s, const char *kind, const char *session,
                            const char *text);
/* The session gets a client and statistics. */
void gs_fake_sessions_watch(struct gs_sessions *s, const char *session);
