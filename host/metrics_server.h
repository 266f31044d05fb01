/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /metrics over HTTP for whoever can connect: no TLS, no check of who asks. A few connections at a
 * time, each with one request, and none of them holds up the loop. Main thread.
 */
#pragma once

#include "common/macros.h"

struct gs_metrics_server;

/* endpoint: ADDRESS:PORT, numeric, as metrics-listen says. text: makes what is served, for g_free;
 * asked at most a few times a second, however many ask. -errno; the reason is in the log. */
int gs_metrics_server_create(const char *endpoint, char *(*text)(void *user), void *user,
                             struct gs_metrics_server **ret) GS_MUST_CHECK;
/* Accepts NULL. */
void gs_metrics_server_destroy(struct gs_metrics_server *server);
