/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/log.h"
#include "host/files.h"

#define FILE_MAX (8u << 20)
#define SUFFIX ".json"

struct gs_state {
    char *dir; /* of the sessions' files */
    int lock;
};

/* ---- the folder ---- */

static int lock_folder(const char *dir, int *ret, char **ret_why)
{
    g_autofree char *path = g_build_filename(dir, "lock", NULL);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    char pid[32] = "";

    if (fd < 0) {
        *ret_why = g_strdup_printf("cannot open %s: %s", path, g_strerror(errno));
        return -errno;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        ssize_t n = read(fd, pid, sizeof(pid) - 1);

        *ret_why = g_strdup_printf("another daemon (process %s) has %s; stop it, or give this one "
                                   "a state-dir of its own",
                                   n > 0 ? g_strstrip(pid) : "unknown", dir);
        close(fd);
        return -EBUSY;
    }
    g_snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
    if (ftruncate(fd, 0) < 0 || pwrite(fd, pid, strlen(pid), 0) < 0)
        gs_debug("%s: %s", path, g_strerror(errno)); /* it only helps people */
    *ret = fd;
    return 0;
}

int gs_state_create(const char *dir, struct gs_state **ret, char **ret_why)
{
    g_autofree char *sessions = g_build_filename(dir, "sessions", NULL);
    int lock = -1;
    int err = gs_folder_make(dir, 0700);

    err = err ? err : gs_folder_make(sessions, 0700);
    if (err) {
        *ret_why =
            g_strdup_printf("cannot use the folder %s (state-dir): %s", dir,
                            err == -EPERM ? "it belongs to somebody else" : g_strerror(-err));
        return err;
    }
    err = lock_folder(dir, &lock, ret_why);
    if (err)
        return err;
    *ret = g_new0(struct gs_state, 1);
    (*ret)->dir = g_steal_pointer(&sessions);
    (*ret)->lock = lock;
    return 0;
}

void gs_state_destroy(struct gs_state *s)
{
    if (!s)
        return;
    close(s->lock);
    g_free(s->dir);
    g_free(s);
}

/* ---- a session ---- */

static char *path_of(const struct gs_state *s, const char *name, const char *suffix)
{
    return g_strdup_printf("%s/%s%s", s->dir, name, suffix);
}

char *gs_state_exit_path(const struct gs_state *s, const char *name)
{
    return path_of(s, name, ".exit");
}

int gs_state_read_exit(const struct gs_state *s, const char *name, struct gs_keeper_exit *ret)
{
    g_autofree char *path = gs_state_exit_path(s, name);
    g_autofree char *text = NULL;
    size_t size = 0;
    int err = gs_file_read(path, FILE_MAX, &text, &size);

    return err ? err : gs_keeper_exit_from_json(text, size, ret);
}

void gs_state_forget_exit(struct gs_state *s, const char *name)
{
    g_autofree char *path = gs_state_exit_path(s, name);

    if (unlink(path) < 0 && errno != ENOENT)
        gs_warn("cannot remove %s: %s", path, g_strerror(errno));
}

int gs_state_save(struct gs_state *s, const struct gs_kept_session *k)
{
    g_autofree char *path = path_of(s, k->name, SUFFIX);
    char *json = gs_kept_session_to_json(k);
    int err = json ? gs_file_write(path, json, strlen(json), 0600) : -EINVAL;

    free(json);
    return err;
}

void gs_state_remove(struct gs_state *s, const char *name)
{
    g_autofree char *path = path_of(s, name, SUFFIX);

    if (unlink(path) < 0 && errno != ENOENT)
        gs_warn("cannot remove %s: %s", path, g_strerror(errno));
    gs_state_forget_exit(s, name);
}

/* ---- all of them ---- */

static const char *flaw(int err)
{
    switch (err) {
    case -EBADMSG:
        return "it is damaged";
    case -EPROTO:
        return "it is of another version";
    case -EPERM:
        return "it is not a file of ours";
    case -EFBIG:
        return "it is too large";
    case -EINVAL:
        return "it is of a session with another name";
    default:
        return g_strerror(-err);
    }
}

static int read_one(const char *path, const char *name, struct gs_kept_session *ret)
{
    g_autofree char *text = NULL;
    size_t size = 0;
    int err = gs_file_read(path, FILE_MAX, &text, &size);

    err = err ? err : gs_kept_session_from_json(text, size, ret);
    if (err)
        return err;
    if (strlen(ret->name) + strlen(SUFFIX) == strlen(name) && g_str_has_prefix(name, ret->name))
        return 0;
    gs_kept_session_finish(ret);
    return -EINVAL;
}

static void load_one(const struct gs_state *s, const char *name, GPtrArray *all)
{
    g_autofree char *path = g_build_filename(s->dir, name, NULL);
    g_autofree char *aside = g_strconcat(path, ".bad", NULL);
    struct gs_kept_session *k = g_new0(struct gs_kept_session, 1);
    int err = read_one(path, name, k);

    if (!err) {
        g_ptr_array_add(all, k);
        return;
    }
    g_free(k);
    gs_warn("%s: %s; it is moved aside to %s", path, flaw(err), aside);
    if (rename(path, aside) < 0)
        gs_warn("cannot rename %s: %s", path, g_strerror(errno));
}

static gint by_name(gconstpointer a, gconstpointer b)
{
    return strcmp((*(struct gs_kept_session *const *)a)->name,
                  (*(struct gs_kept_session *const *)b)->name);
}

GPtrArray *gs_state_load(struct gs_state *s)
{
    GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)gs_kept_session_free);
    g_autoptr(GDir) dir = g_dir_open(s->dir, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(s->dir, name, NULL);

        if (g_str_has_suffix(name, SUFFIX))
            load_one(s, name, all);
        else if (name[0] == '.' && g_str_has_suffix(name, ".tmp"))
            unlink(path); /* somebody was killed while writing */
    }
    g_ptr_array_sort(all, by_name);
    return all;
}
