/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What transports without a receiver on the other side share: somebody is there as soon as the
 * stream is attached, and says so from the main loop. Main thread. */
#pragma once

#include <glib.h>

#include "session/transport/transport.h"

/* First member of their own structs. */
struct gs_sink {
    struct gs_transport base;
    GSource *announce; /* pending; NULL: none */
};

/* Leaves welcome as it is. */
int gs_sink_attach(struct gs_transport *t, struct gs_welcome *welcome);
void gs_sink_detach(struct gs_transport *t);
