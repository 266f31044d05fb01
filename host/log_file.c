/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int gs_log_file_open(const char *dir, const char *name)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat st;

    if (fd < 0)
        return -errno;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        return fd;
    close(fd);
    return -ENOENT;
}

/* Where the last `lines` of the text begin; *lines becomes how many are missing. */
static size_t find_start(const char *text, size_t size, uint64_t *lines)
{
    size_t at = size;

    /* The newline at the very end ends a line and begins none. */
    if (at > 0 && text[at - 1] == '\n')
        at--;
    for (; *lines > 0; at--) {
        const char *newline = memrchr(text, '\n', at);

        (*lines)--;
        if (!newline)
            return 0;
        at = (size_t)(newline - text) + 1;
        if (*lines == 0)
            return at;
    }
    return size;
}

static void tail_one(int fd, uint64_t *lines, size_t budget, GString *out)
{
    struct stat st;
    off_t from = 0;
    g_autofree char *text = NULL;
    ssize_t n = 0;
    size_t start;

    if (fstat(fd, &st) < 0)
        return;
    if (st.st_size > (off_t)budget)
        from = st.st_size - (off_t)budget;
    text = g_try_malloc(budget);
    if (text)
        n = pread(fd, text, budget, from);
    if (n <= 0)
        return;
    lseek(fd, from + n, SEEK_SET);
    start = find_start(text, (size_t)n, lines);
    /* What is cut off at its beginning is no line. */
    if (start == 0 && from > 0) {
        const char *newline = memchr(text, '\n', (size_t)n);

        start = newline ? (size_t)(newline - text) + 1 : 0;
        *lines = 0;
    }
    g_string_append_len(out, text + start, n - (ssize_t)start);
}

void gs_log_file_tail(int fd, const char *dir, const char *name, uint64_t lines, GString *out)
{
    g_autofree char *rotated = g_strconcat(name, ".1", NULL);
    g_autoptr(GString) before = g_string_new(NULL);
    int older;

    if (lines == 0) {
        lseek(fd, 0, SEEK_END);
        return;
    }
    tail_one(fd, &lines, GS_LOG_TAIL_MAX, out);
    older = lines > 0 && out->len < GS_LOG_TAIL_MAX ? gs_log_file_open(dir, rotated) : -ENOENT;
    if (older < 0)
        return;
    tail_one(older, &lines, GS_LOG_TAIL_MAX - out->len, before);
    close(older);
    g_string_prepend_len(out, before->str, (gssize)before->len);
}

bool gs_log_file_rotated(int fd, const char *dir, const char *name)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    struct stat ours, now;

    return fstat(fd, &ours) == 0 && lstat(path, &now) == 0 &&
           (ours.st_ino != now.st_ino || ours.st_dev != now.st_dev);
}
