/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/runtime_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "host/remove_tree.h"

/* Leaves room for "/wayland-0.lock" in the 108 bytes of a socket address. */
#define PATH_LIMIT 90
#define OPEN_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

struct gs_runtime_dir {
    char *path;
    int fd; /* locked as long as its owner lives, which tells it from what a killed host left;
               shared with the keeper, who may outlive us */
};

static void remove_tree(const char *path)
{
    int err = gs_remove_tree(path);

    if (err)
        gs_warn("cannot remove all of %s: %s", path, g_strerror(-err));
}

/* Nobody else can make or remove anything in it. */
static bool ours_alone(int fd, mode_t mode)
{
    struct stat st;

    return fstat(fd, &st) == 0 && st.st_uid == geteuid() && (st.st_mode & 07777) == mode;
}

static bool usable(const char *dir)
{
    struct stat st;

    return dir && dir[0] == '/' && stat(dir, &st) == 0 && S_ISDIR(st.st_mode) &&
           st.st_uid == geteuid();
}

/* Opens the directory that holds those of all sessions, and makes sure that nobody else has a hand
 * in it: in /tmp anybody may have made it first. mode: 0700, 0711. Returns a descriptor. */
static int open_base(const char *path, mode_t mode)
{
    int fd;

    if (mkdir(path, mode) == 0 ? chmod(path, mode) < 0 : errno != EEXIST) {
        gs_error("cannot make %s: %s", path, g_strerror(errno));
        return -errno;
    }
    fd = open(path, OPEN_FLAGS);
    if (fd >= 0 && ours_alone(fd, mode))
        return fd;
    if (fd >= 0)
        close(fd);
    gs_error("%s is not a directory of ours with mode %04o; remove it", path, (unsigned)mode);
    return -EPERM;
}

/* The base, locked and in its place: the last session of another host may have removed it between
 * its opening and its locking. */
static int open_locked_base(const char *path, mode_t mode)
{
    for (;;) {
        int fd = open_base(path, mode);
        struct stat st;

        if (fd < 0 || flock(fd, LOCK_EX) < 0 || fstat(fd, &st) < 0 || st.st_nlink > 0)
            return fd;
        close(fd);
    }
}

static bool locked(int base, const char *name)
{
    int fd = openat(base, name, OPEN_FLAGS);
    bool busy;

    if (fd < 0)
        return true;
    busy = flock(fd, LOCK_EX | LOCK_NB) < 0;
    close(fd);
    return busy;
}

/* By its name, as mkdtemp made it: a daemon of the same user has its folder here, too. */
static bool is_of_a_session(const char *name)
{
    size_t size = strlen(name);

    return size > 7 && name[size - 7] == '-';
}

/* Called with the base locked: no other host is between making and locking its directory. */
static void remove_stale(int base, const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *entry = g_build_filename(path, name, NULL);

        if (is_of_a_session(name) && !locked(base, name))
            remove_tree(entry);
    }
}

static int make(const char *base, const char *session, struct gs_runtime_dir **ret)
{
    g_autofree char *path = g_strdup_printf("%s/%.16s-XXXXXX", base, session);
    struct gs_runtime_dir *dir;
    int fd;

    if (strlen(path) > PATH_LIMIT) {
        gs_error("%s is too long a path for sockets below it", path);
        return -ENAMETOOLONG;
    }
    if (!mkdtemp(path)) {
        gs_error("cannot make %s: %s", path, g_strerror(errno));
        return -errno;
    }
    fd = open(path, OPEN_FLAGS);
    if (fd < 0 || flock(fd, LOCK_SH | LOCK_NB) < 0) {
        gs_error("cannot lock %s: %s", path, g_strerror(errno));
        if (fd >= 0)
            close(fd);
        rmdir(path);
        return -EIO;
    }
    dir = g_new0(struct gs_runtime_dir, 1);
    dir->path = g_steal_pointer(&path);
    dir->fd = fd;
    *ret = dir;
    return 0;
}

static int create(const char *base, mode_t mode, const char *session, struct gs_runtime_dir **ret)
{
    int fd = open_locked_base(base, mode);
    int err;

    if (fd < 0)
        return fd;
    remove_stale(fd, base);
    err = make(base, session, ret);
    close(fd);
    return err;
}

int gs_runtime_dir_create(const char *xdg_runtime_dir, const char *tmp, const char *session,
                          struct gs_runtime_dir **ret)
{
    g_autofree char *base = usable(xdg_runtime_dir)
                                ? g_build_filename(xdg_runtime_dir, "gpushare", NULL)
                                : g_strdup_printf("%s/gpushare-%u", tmp, (unsigned)geteuid());

    return create(base, 0700, session, ret);
}

int gs_runtime_dir_create_below(const char *base, const char *session, struct gs_runtime_dir **ret)
{
    return create(base, geteuid() == 0 ? 0711 : 0700, session, ret);
}

void gs_runtime_dir_release(struct gs_runtime_dir *dir)
{
    if (!dir)
        return;
    close(dir->fd);
    g_free(dir->path);
    g_free(dir);
}

const char *gs_runtime_dir_path(const struct gs_runtime_dir *dir)
{
    return dir->path;
}

/* Whoever ends last leaves nothing behind; the lock keeps out those who are just beginning. */
static void remove_base_if_empty(const char *path)
{
    int fd = open(path, OPEN_FLAGS);

    if (fd < 0)
        return;
    if (flock(fd, LOCK_EX) == 0 && rmdir(path) < 0 && errno != ENOTEMPTY && errno != EEXIST)
        gs_warn("cannot remove %s: %s", path, g_strerror(errno));
    close(fd);
}

void gs_runtime_dir_destroy(struct gs_runtime_dir *dir)
{
    g_autofree char *base = NULL;

    if (!dir)
        return;
    base = g_path_get_dirname(dir->path);
    remove_tree(dir->path);
    remove_base_if_empty(base);
    gs_runtime_dir_release(dir);
}
