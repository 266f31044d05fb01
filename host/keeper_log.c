/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/keeper_log.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"

#define READ_SIZE 16384
#define READS_PER_TURN 8 /* then the signals get their turn */

/* ---- files ---- */

struct gs_log_file {
    char *path;
    uint64_t limit, size;
    unsigned files;
    int fd;
    bool failing;
    uint64_t lost; /* lines */
};

static bool open_file(struct gs_log_file *f)
{
    struct stat st;

    if (f->fd < 0)
        f->fd = open(f->path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (f->fd < 0)
        return false;
    f->size = fstat(f->fd, &st) == 0 ? (uint64_t)st.st_size : 0;
    return true;
}

struct gs_log_file *gs_log_file_create(const char *dir, const char *name, uint64_t size,
                                       unsigned files)
{
    struct gs_log_file *f = g_new0(struct gs_log_file, 1);

    f->path = g_build_filename(dir, name, NULL);
    f->limit = GS_MAX(size, GS_LOG_LINE_MAX);
    f->files = files;
    f->fd = -1;
    return f;
}

void gs_log_file_destroy(struct gs_log_file *f)
{
    if (!f)
        return;
    if (f->fd >= 0)
        close(f->fd);
    g_free(f->path);
    g_free(f);
}

/* Where a name can't be changed, what is there is given up: the disk is bounded in any case. */
static void rotate(struct gs_log_file *f)
{
    bool moved = f->files > 1;

    for (unsigned i = f->files - 1; i > 0; i--) {
        g_autofree char *from =
            i > 1 ? g_strdup_printf("%s.%u", f->path, i - 1) : g_strdup(f->path);
        g_autofree char *to = g_strdup_printf("%s.%u", f->path, i);

        if (rename(from, to) < 0 && (errno != ENOENT || i == 1))
            moved = false;
    }
    if (moved) {
        close(f->fd);
        f->fd = -1;
        open_file(f);
    } else if (ftruncate(f->fd, 0) == 0) {
        f->size = 0;
    }
}

static void lose(struct gs_log_file *f, const char *lines, size_t size, int err)
{
    for (size_t i = 0; i < size; i++)
        f->lost += lines[i] == '\n';
    if (!f->failing)
        gs_warn("cannot write %s: %s; lines are lost until that works again", f->path,
                g_strerror(err));
    f->failing = true;
}

static void put(struct gs_log_file *f, const char *lines, size_t size)
{
    ssize_t n = f->fd >= 0 || open_file(f) ? write(f->fd, lines, size) : -1;
    int err = n < 0 ? errno : ENOSPC;

    if (n == (ssize_t)size) {
        f->size += size;
        if (f->failing)
            gs_info("%s is written again; %" G_GUINT64_FORMAT " lines were lost", f->path, f->lost);
        f->failing = false;
        f->lost = 0;
        return;
    }
    if (n > 0 && ftruncate(f->fd, (off_t)f->size) < 0)
        f->size += (uint64_t)n; /* then with half a line */
    lose(f, lines, size, err);
}

/* How much of the lines the file has room for. */
static size_t fitting(const struct gs_log_file *f, const char *lines, size_t size)
{
    uint64_t room = f->limit > f->size ? f->limit - f->size : 0;
    const char *end;

    if (size <= room)
        return size;
    end = memrchr(lines, '\n', (size_t)room);
    return end ? (size_t)(end + 1 - lines) : 0;
}

void gs_log_file_write(struct gs_log_file *f, const char *lines, size_t size)
{
    if (f->fd < 0)
        open_file(f);
    while (size > 0) {
        size_t n = fitting(f, lines, size);

        if (n == 0 && f->fd >= 0)
            rotate(f);
        n = n ? n : fitting(f, lines, size);
        n = n ? n : size; /* it could not be emptied, either */
        put(f, lines, n);
        lines += n;
        size -= n;
    }
}

/* ---- copies ---- */

void gs_log_copy_init(struct gs_log_copy *c, int fd)
{
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
    struct stat st;

    *c = (struct gs_log_copy){.fd = fd, .own = -1};
    if (fstat(fd, &st) < 0)
        return;
    c->is_socket = S_ISSOCK(st.st_mode);
    /* Others write to the same description: its flags are not ours to change. */
    if (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode))
        c->own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

void gs_log_copy_finish(struct gs_log_copy *c)
{
    if (c->own >= 0)
        close(c->own);
    c->own = -1;
}

/* Line by line, as a pipe takes no more than 4096 bytes either whole or not at all. */
static void copy_lines(const struct gs_log_copy *c, const char *lines, size_t size)
{
    while (size > 0) {
        const char *end = memchr(lines, '\n', size);
        size_t n = end ? (size_t)(end + 1 - lines) : size;
        ssize_t done;

        if (c->is_socket)
            done = send(c->fd, lines, n, MSG_DONTWAIT | MSG_NOSIGNAL);
        else
            done = write(c->own >= 0 ? c->own : c->fd, lines, n);
        if (done < 0 && errno != EAGAIN && errno != EINTR)
            return;
        lines += n;
        size -= n;
    }
}

/* ---- pipes ---- */

struct gs_log_pipe {
    int fd;
    struct gs_log_file *file;
    struct gs_log_copy *copy;
    size_t used;   /* of text */
    size_t column; /* of the line that is not whole yet, which is the end of text */
    char text[2 * READ_SIZE];
};

struct gs_log_pipe *gs_log_pipe_create(int fd, struct gs_log_file *file, struct gs_log_copy *copy)
{
    struct gs_log_pipe *p = g_new0(struct gs_log_pipe, 1);

    fcntl(fd, F_SETFL, O_NONBLOCK);
    p->fd = fd;
    p->file = file;
    p->copy = copy;
    return p;
}

static void write_lines(struct gs_log_pipe *p)
{
    size_t whole = p->used - p->column;

    if (whole == 0)
        return;
    if (p->copy)
        copy_lines(p->copy, p->text, whole);
    gs_log_file_write(p->file, p->text, whole);
    memmove(p->text, p->text + whole, p->column);
    p->used = p->column;
}

static void end_line(struct gs_log_pipe *p)
{
    p->text[p->used++] = '\n';
    p->column = 0;
}

static void take(struct gs_log_pipe *p, const char *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        bool control = ((unsigned char)data[i] < ' ' && data[i] != '\t') || data[i] == 0x7f;

        if (data[i] == '\n') {
            end_line(p);
            continue;
        }
        p->text[p->used++] = control ? '?' : data[i];
        if (++p->column == GS_LOG_LINE_MAX - 1)
            end_line(p);
    }
    write_lines(p);
}

static void close_pipe(struct gs_log_pipe *p)
{
    if (p->fd >= 0)
        close(p->fd);
    p->fd = -1;
    if (p->column > 0)
        end_line(p);
    write_lines(p);
}

void gs_log_pipe_destroy(struct gs_log_pipe *p)
{
    if (!p)
        return;
    close_pipe(p);
    g_free(p);
}

int gs_log_pipe_fd(const struct gs_log_pipe *p)
{
    return p->fd;
}

void gs_log_pipe_read(struct gs_log_pipe *p)
{
    char data[READ_SIZE];

    for (unsigned i = 0; p->fd >= 0 && i < READS_PER_TURN; i++) {
        ssize_t n = read(p->fd, data, sizeof(data));

        if (n > 0)
            take(p, data, (size_t)n);
        else if (n == 0)
            close_pipe(p);
        else if (errno != EINTR)
            return;
    }
}
