/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of one session in its worker process: built from the configuration that the host sends
 * over the link, serves the client that the host lets in, ends with the application, on request, or
 * when the host is gone. Thread: main.
 */
#pragma once

#include <gio/gio.h>

#include "common/macros.h"

struct gs_session;

/* Takes a reference on the link. Quits the loop when all is over. */
struct gs_session *gs_session_create(GIOStream *link, GMainLoop *loop);
/* Ends the application and frees everything. Accepts NULL. */
void gs_session_destroy(struct gs_session *s);
/* Orderly end, as if the host had asked for it. */
void gs_session_stop(struct gs_session *s);
/* Exit status for the process, once the loop has ended. */
int gs_session_exit_status(const struct gs_session *s);
