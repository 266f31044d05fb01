/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/remove_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_LIMIT 100 /* one descriptor for each */

static int remove_at(int dir, const char *name, unsigned depth);

/* Takes the descriptor. */
static int empty(int fd, unsigned depth)
{
    DIR *dir = fdopendir(fd);
    struct dirent *entry;
    int err = 0;

    if (!dir) {
        err = -errno;
        close(fd);
        return err;
    }
    while ((entry = readdir(dir))) {
        int e;

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        e = remove_at(dirfd(dir), entry->d_name, depth + 1);
        err = err ? err : e;
    }
    closedir(dir);
    return err;
}

static int remove_dir_at(int dir, const char *name, unsigned depth)
{
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int err;

    /* Its owner may have closed it to himself. As root that does not matter, and must not be done:
     * the name may be another thing's by now. */
    if (fd < 0 && errno == EACCES && fchmodat(dir, name, 0700, 0) == 0)
        fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? 0 : -errno;
    err = depth < DEPTH_LIMIT ? empty(fd, depth) : (close(fd), -ELOOP);
    if (unlinkat(dir, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
        return 0;
    return err ? err : -errno;
}

static int remove_at(int dir, const char *name, unsigned depth)
{
    if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
        return 0;
    return errno == EISDIR ? remove_dir_at(dir, name, depth) : -errno;
}

int gs_remove_tree(const char *path)
{
    return remove_at(AT_FDCWD, path, 0);
}
