/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>
#include <unistd.h>

#include "encoder/hardware.h"

#define FIRST_NODE 128
#define LAST_NODE 191

bool gs_render_node_find(char ret[static 64])
{
    const char *chosen = g_getenv("GPUSHARE_RENDER_NODE");
    char path[64];

    ret[0] = '\0';
    if (chosen) {
        g_strlcpy(ret, chosen, 64);
        return access(ret, R_OK | W_OK) == 0;
    }
    for (int i = FIRST_NODE; i <= LAST_NODE && access("/dev/dri", F_OK) == 0; i++) {
        g_snprintf(path, sizeof(path), "/dev/dri/renderD%d", i);
        if (access(path, F_OK) < 0)
            continue;
        g_strlcpy(ret, path, 64);
        if (access(path, R_OK | W_OK) == 0)
            return true;
    }
    return false;
}
