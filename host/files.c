/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/files.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_all(int fd, const uint8_t *data, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, data, size);

        if (n < 0 && errno != EINTR)
            return -errno;
        if (n > 0) {
            data += n;
            size -= (size_t)n;
        }
    }
    return 0;
}

static int write_new(const char *path, const void *data, size_t size, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode);
    int err;

    if (fd < 0)
        return -errno;
    err = fchmod(fd, mode) < 0 ? -errno : write_all(fd, data, size);
    if (!err && fsync(fd) < 0)
        err = -errno;
    if (close(fd) < 0 && !err)
        err = -errno;
    return err;
}

int gs_file_write(const char *path, const void *data, size_t size, mode_t mode)
{
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *base = g_path_get_basename(path);
    g_autofree char *tmp = g_strdup_printf("%s/.%s.tmp", folder, base);
    int err = write_new(tmp, data, size, mode);

    if (!err && rename(tmp, path) < 0)
        err = -errno;
    if (err)
        unlink(tmp);
    return err;
}

static int read_fd(int fd, size_t max, char **ret, size_t *ret_size)
{
    g_autofree char *data = NULL;
    struct stat st;
    size_t size = 0;
    ssize_t n = 1;

    if (fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode) || st.st_uid != geteuid())
        return -EPERM;
    if (st.st_size < 0 || (uint64_t)st.st_size > max)
        return -EFBIG;
    data = g_malloc((size_t)st.st_size + 1);
    while (n != 0 && size < (size_t)st.st_size) {
        n = read(fd, data + size, (size_t)st.st_size - size);
        if (n < 0 && errno != EINTR)
            return -errno;
        size += n > 0 ? (size_t)n : 0;
    }
    data[size] = '\0';
    *ret = g_steal_pointer(&data);
    *ret_size = size;
    return 0;
}

int gs_file_read(const char *path, size_t max, char **ret, size_t *ret_size)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    int err = fd < 0 ? -errno : read_fd(fd, max, ret, ret_size);

    if (fd >= 0)
        close(fd);
    return err;
}

int gs_folder_make(const char *path, mode_t mode)
{
    struct stat st;
    int fd, err = 0;

    if (g_mkdir_with_parents(path, (int)mode) < 0)
        return -errno;
    fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    if (fstat(fd, &st) < 0)
        err = -errno;
    else if (st.st_uid != geteuid())
        err = -EPERM;
    else if ((st.st_mode & 07777) != mode && fchmod(fd, mode) < 0)
        err = -errno;
    close(fd);
    return err;
}
