/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a killed X server or compositor leaves in /tmp. */
#pragma once

/* Removes TMP/.X<display>-lock and TMP/.X11-unix/X<display> where the process that the lock names
 * is gone; leaves everything else alone. tmp: normally "/tmp". */
void gs_x11_lock_remove_stale(const char *tmp, int display);
