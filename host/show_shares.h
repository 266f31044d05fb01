/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `session show` says of a session's share of the GPU, and `top` of devices. From the answers
 * of the daemon. Pure. */
#pragma once

#include <jansson.h>
#include <stdio.h>

/* Lines "KEY VALUE" from session (docs/openapi.yaml); nothing where nothing is known. */
void gs_show_shares(const json_t *session, FILE *out);
/* "12 frames: 9 by render-farm, 3 its own"; name: of the session; for g_free. */
char *gs_show_misses(const json_t *scheduler, const char *name);
/* "software 62 % used, 40 % promised; …"; for g_free. */
char *gs_show_devices(const json_t *devices);
