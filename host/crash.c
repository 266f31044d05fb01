/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/crash.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "host/files.h"

#define TAIL_BYTES 16384 /* of a log that are looked at */
#define SUFFIX ".txt"

/* ---- what was said last ---- */

/* At most TAIL_BYTES of the end, nothing of the first `from` bytes; "" where there is none. */
static char *read_end(const char *path, uint64_t from)
{
    char *text = g_malloc0(TAIL_BYTES + 1);
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat st;

    if (fd < 0)
        return text;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        uint64_t size = (uint64_t)st.st_size;
        uint64_t begin = size > TAIL_BYTES ? size - TAIL_BYTES : 0;
        /* A file that is shorter than that was begun anew. */
        ssize_t n = pread(fd, text, TAIL_BYTES, (off_t)(from <= size ? MAX(begin, from) : begin));

        text[n > 0 ? n : 0] = '\0';
    }
    close(fd);
    return text;
}

static const char *last_lines(const char *text, unsigned lines)
{
    const char *p = text + strlen(text);

    if (p > text && p[-1] == '\n')
        p--;
    for (; p > text; p--) {
        if (p[-1] == '\n' && --lines == 0)
            break;
    }
    return p;
}

static void add_log(GString *out, const char *log_dir, const char *name)
{
    g_autofree char *path = g_build_filename(log_dir, name, NULL);
    g_autofree char *text = read_end(path, 0);
    const char *tail = last_lines(text, GS_CRASH_LINES);

    g_string_append_printf(out, "\n---- the end of %s ----\n%s", path, *tail ? tail : "(nothing)");
    if (out->str[out->len - 1] != '\n')
        g_string_append_c(out, '\n');
}

uint64_t gs_crash_log_size(const char *log_dir)
{
    g_autofree char *path = g_build_filename(log_dir, "worker.log", NULL);
    struct stat st;

    return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

char *gs_crash_last_error(const char *log_dir, uint64_t from)
{
    static const char level[] = " error ";
    g_autofree char *path = g_build_filename(log_dir, "worker.log", NULL);
    g_autofree char *text = read_end(path, from);
    const char *at = g_strrstr(text, level);
    g_autofree char *line = at ? g_strndup(at, strcspn(at, "\n")) : NULL;
    const char *said = line ? strstr(line, ": ") : NULL; /* behind program and session */

    return said ? g_strdup(said + 2) : NULL;
}

/* ---- which are kept ---- */

struct report {
    char *name;
    size_t session_len; /* the name begins with the session's */
    const char *time;   /* as text, which sorts */
};

static void free_report(gpointer data)
{
    struct report *r = data;

    g_free(r->name);
    g_free(r);
}

/* Newest first. */
static gint by_time(gconstpointer a, gconstpointer b)
{
    return strcmp((*(struct report *const *)b)->time, (*(struct report *const *)a)->time);
}

static GPtrArray *list_reports(const char *dir)
{
    GPtrArray *all = g_ptr_array_new_with_free_func(free_report);
    g_autoptr(GDir) d = g_dir_open(dir, 0, NULL);
    const char *name;

    while (d && (name = g_dir_read_name(d))) {
        const char *dash = strrchr(name, '-');
        struct report *r;

        if (!dash || !g_str_has_suffix(name, SUFFIX))
            continue;
        r = g_new0(struct report, 1);
        r->name = g_strdup(name);
        r->session_len = (size_t)(dash - name);
        r->time = r->name + r->session_len + 1;
        g_ptr_array_add(all, r);
    }
    g_ptr_array_sort(all, by_time);
    return all;
}

static void prune(const char *dir, const char *session)
{
    g_autoptr(GPtrArray) all = list_reports(dir);
    unsigned of_session = 0;

    for (guint i = 0; i < all->len; i++) {
        const struct report *r = g_ptr_array_index(all, i);
        g_autofree char *path = g_build_filename(dir, r->name, NULL);
        bool same =
            strlen(session) == r->session_len && strncmp(r->name, session, r->session_len) == 0;

        of_session += same;
        if (i >= GS_CRASHES_MAX || (same && of_session > GS_CRASHES_PER_SESSION))
            unlink(path);
    }
}

int gs_crash_write(const char *dir, const char *session, const char *user, const char *how,
                   const char *log_dir, int64_t time_us, char **ret)
{
    g_autoptr(GDateTime) seconds = g_date_time_new_from_unix_utc(time_us / G_USEC_PER_SEC);
    g_autofree char *stamp = g_date_time_format(seconds, "%Y%m%dT%H%M%S");
    g_autofree char *path = g_strdup_printf("%s/%s-%s.%06d" SUFFIX, dir, session, stamp,
                                            (int)(time_us % G_USEC_PER_SEC));
    g_autoptr(GString) out = g_string_new(NULL);
    int err = gs_folder_make(dir, 0700);

    g_string_append_printf(out,
                           "session: %s\nuser: %s\ntime: %s UTC\nprogram: gpushare-host " GS_VERSION
                           "\nthe session's worker %s\n",
                           session, user, stamp, how);
    add_log(out, log_dir, "worker.log");
    add_log(out, log_dir, "app.log");
    err = err ? err : gs_file_write(path, out->str, out->len, 0600);
    if (err)
        return err;
    prune(dir, session);
    *ret = g_steal_pointer(&path);
    return 0;
}
