/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/freeze.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "common/log.h"
#include "common/macros.h"
#include "session/desktop/process.h"

/* A process that forks all the time is caught in one of these rounds. */
#define ROUNDS 100

static const struct {
    const char *file, *freeze, *thaw;
} freezers[] = {
    {"cgroup.freeze", "1", "0"},
    {"freezer.state", "FROZEN", "THAWED"},
};

static int write_word(const char *path, const char *word)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC), err = 0;

    if (fd < 0)
        return -errno;
    if (write(fd, word, strlen(word)) < 0)
        err = -errno;
    close(fd);
    return err;
}

/* ---- control groups ---- */

/* For g_free; NULL: that group has no freezer. */
static char *freeze_group(const char *group)
{
    for (size_t i = 0; i < GS_ARRAY_SIZE(freezers); i++) {
        char *path = g_build_filename(group, freezers[i].file, NULL);
        int err = write_word(path, freezers[i].freeze);

        if (!err)
            return path;
        if (err != -ENOENT)
            gs_debug("%s: %s", path, g_strerror(-err));
        g_free(path);
    }
    return NULL;
}

static char *freeze_one_of(const char *groups)
{
    g_auto(GStrv) folders = g_strsplit(groups, ":", -1);
    char *path = NULL;

    for (char **folder = folders; *folder && !path; folder++)
        if (**folder)
            path = freeze_group(*folder);
    return path;
}

static void thaw_group(const char *path)
{
    for (size_t i = 0; i < GS_ARRAY_SIZE(freezers); i++) {
        int err = g_str_has_suffix(path, freezers[i].file) ? write_word(path, freezers[i].thaw) : 0;

        if (err < 0)
            gs_error("the application stays frozen: %s: %s", path, g_strerror(-err));
    }
}

/* Those that are in the group itself; its freezer holds the groups below it, too. */
static GHashTable *members(const char *path)
{
    GHashTable *ret = g_hash_table_new(NULL, NULL);
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *list = g_build_filename(folder, "cgroup.procs", NULL);
    g_autofree char *text = NULL;
    char *at, *end;
    long pid;

    if (!g_file_get_contents(list, &text, NULL, NULL))
        return ret;
    for (at = text; (pid = strtol(at, &end, 10)) > 0; at = end)
        g_hash_table_add(ret, GINT_TO_POINTER((int)pid));
    return ret;
}

/* ---- signals ---- */

static bool has(const GArray *pids, pid_t pid)
{
    for (guint i = 0; i < pids->len; i++)
        if (g_array_index(pids, pid_t, i) == pid)
            return true;
    return false;
}

/* One round. False: there was nothing left to stop. */
static bool stop_more(struct gs_freeze *f, GHashTable *frozen)
{
    g_autoptr(GArray) pids = gs_process_descendants(0, false);
    bool more = false;

    for (guint i = 0; i < pids->len; i++) {
        pid_t pid = g_array_index(pids, pid_t, i);

        if (g_hash_table_contains(frozen, GINT_TO_POINTER(pid)) || has(f->stopped, pid) ||
            kill(pid, SIGSTOP) < 0)
            continue;
        g_array_append_val(f->stopped, pid);
        more = true;
    }
    return more;
}

void gs_freeze_begin(struct gs_freeze *f, const char *groups)
{
    g_autoptr(GHashTable) frozen = NULL;

    if (f->frozen)
        return;
    f->frozen = true;
    f->switched = freeze_one_of(groups);
    frozen = f->switched ? members(f->switched) : g_hash_table_new(NULL, NULL);
    f->stopped = g_array_new(FALSE, FALSE, sizeof(pid_t));
    for (unsigned i = 0; i < ROUNDS && stop_more(f, frozen); i++)
        continue;
}

void gs_freeze_end(struct gs_freeze *f)
{
    g_autoptr(GArray) pids = NULL;

    if (!f->frozen)
        return;
    pids = gs_process_descendants(0, false);
    /* Children first: a shell that goes on then finds none of them stopped. */
    for (guint i = f->stopped->len; i-- > 0;) {
        pid_t pid = g_array_index(f->stopped, pid_t, i);

        if (has(pids, pid))
            kill(pid, SIGCONT);
    }
    if (f->switched)
        thaw_group(f->switched);
    g_clear_pointer(&f->switched, g_free);
    g_clear_pointer(&f->stopped, g_array_unref);
    f->frozen = false;
}
