/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A configuration file. What is accepted can be printed, and read again with the same meaning. */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool load(const void *data, size_t size, struct gs_host_config *ret)
{
    int fd = memfd_create("config", MFD_CLOEXEC);
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
    g_autofree char *why = NULL;
    bool ok;

    if (write(fd, data, size) != (ssize_t)size)
        abort();
    ok = gs_host_config_load(path, ret, &why) == 0;
    close(fd);
    return ok;
}

static char *print(const struct gs_host_config *c)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    gs_host_config_print(c, out);
    fclose(out);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gs_host_config c, again;
    char *first, *second;

    if (!load(data, size, &c))
        return 0;
    first = print(&c);
    if (!load(first, strlen(first), &again))
        abort();
    second = print(&again);
    if (strcmp(first, second) != 0)
        abort();
    free(first);
    free(second);
    gs_host_config_finish(&c);
    gs_host_config_finish(&again);
    return 0;
}
