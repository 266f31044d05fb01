/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the programs of a session are. */
#include <errno.h>
#include <glib.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/macros.h"
#include "host/worker.h"

/* Beside this program in the build tree; at the same distance wherever it is installed. */
static char *near_ourselves(const char *name, char **ret_why)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = g_path_get_dirname(self ? self : "/");
    g_autofree char *beside = g_build_filename(folder, name, NULL);
    g_autofree char *installed = g_build_filename(folder, GS_LIBEXEC_FROM_BIN, name, NULL);

    if (access(beside, X_OK) == 0)
        return g_steal_pointer(&beside);
    if (access(installed, X_OK) == 0)
        return g_steal_pointer(&installed);
    *ret_why = g_strdup_printf("there is neither %s nor %s", beside, installed);
    return NULL;
}

static char *find(const char *name, const char *variable, char **ret_why)
{
    const char *path = getenv(variable);

    if (!path)
        return near_ourselves(name, ret_why);
    if (access(path, X_OK) == 0)
        return g_strdup(path);
    *ret_why = g_strdup_printf("%s=%s cannot be run: %s", variable, path, g_strerror(errno));
    return NULL;
}

char *gs_worker_find_program(char **ret_why)
{
    return find("gpushare-session", "GPUSHARE_SESSION", ret_why);
}

char *gs_worker_find_keeper(char **ret_why)
{
    return find("gpushare-keeper", "GPUSHARE_KEEPER", ret_why);
}
