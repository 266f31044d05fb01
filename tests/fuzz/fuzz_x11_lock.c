/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as the lock file of an X server: it stays where it names ourselves, or nobody that can
 * be. */
#include <glib.h>
#include <glib/gstdio.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/x11_lock.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *dir = g_dir_make_tmp("fuzz-x11-XXXXXX", NULL);
    g_autofree char *lock = NULL, *head = g_strndup((const char *)data, GS_MIN(size, 11));
    FILE *f;
    long pid;

    assert(dir);
    lock = g_strdup_printf("%s/.X7-lock", dir);
    f = fopen(lock, "we");
    assert(f && fwrite(data, 1, size, f) == size && fclose(f) == 0);
    gs_x11_lock_remove_stale(dir, 7);
    pid = strtol(head, NULL, 10);
    if (pid <= 1 || pid > INT_MAX || pid == getpid())
        assert(access(lock, F_OK) == 0);
    g_unlink(lock);
    g_rmdir(dir);
    return 0;
}
