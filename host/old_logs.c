/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/old_logs.h"

#include <errno.h>
#include <glib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "host/remove_tree.h"

struct folder {
    char *path;
    struct timespec changed; /* of its newest log */
};

static void free_folder(gpointer data)
{
    struct folder *f = data;

    g_free(f->path);
    g_free(f);
}

static bool is_later(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec > b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec > b->tv_nsec);
}

/* Newest first. */
static gint by_time(gconstpointer a, gconstpointer b)
{
    const struct folder *x = *(struct folder *const *)a, *y = *(struct folder *const *)b;

    return is_later(&y->changed, &x->changed) - is_later(&x->changed, &y->changed);
}

static void look_at(struct folder *f)
{
    static const char *const names[] = {".", "worker.log", "app.log"};

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(f->path, names[i], NULL);
        struct stat st;

        if (lstat(path, &st) == 0 && is_later(&st.st_mtim, &f->changed))
            f->changed = st.st_mtim;
    }
}

static void add_folders(GPtrArray *all, const char *dir, const char *of_user,
                        bool (*in_use)(void *user, const char *path), void *user)
{
    g_autofree char *base = g_build_filename(dir, of_user, NULL);
    g_autoptr(GDir) d = g_dir_open(base, 0, NULL);
    const char *name;

    while (d && (name = g_dir_read_name(d))) {
        g_autofree char *path = g_build_filename(base, name, NULL);
        struct folder *f;

        if (in_use(user, path) || !g_file_test(path, G_FILE_TEST_IS_DIR))
            continue;
        f = g_new0(struct folder, 1);
        f->path = g_steal_pointer(&path);
        look_at(f);
        g_ptr_array_add(all, f);
    }
}

/* With the folder of its user, where it was the last one there. */
static void remove_folder(const char *path)
{
    g_autofree char *of_user = g_path_get_dirname(path);
    int err = gs_remove_tree(path);

    if (err)
        gs_warn("cannot remove %s: %s", path, g_strerror(-err));
    rmdir(of_user);
}

unsigned gs_old_logs_prune(const char *dir, unsigned keep,
                           bool (*in_use)(void *user, const char *path), void *user)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(free_folder);
    g_autoptr(GDir) d = g_dir_open(dir, 0, NULL);
    const char *name;

    while (d && (name = g_dir_read_name(d)))
        add_folders(all, dir, name, in_use, user);
    g_ptr_array_sort(all, by_time);
    for (guint i = keep; i < all->len; i++)
        remove_folder(((struct folder *)g_ptr_array_index(all, i))->path);
    return all->len > keep ? all->len - keep : 0;
}
