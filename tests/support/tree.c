/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

char *tree_create(void)
{
    char *root = g_dir_make_tmp("gs-tree-XXXXXX", NULL);

    g_assert_nonnull(root);
    return root;
}

static char *path_in(const char *root, const char *path)
{
    char *file = g_build_filename(root, path, NULL);
    g_autofree char *dir = g_path_get_dirname(file);

    g_assert_cmpint(g_mkdir_with_parents(dir, 0700), ==, 0);
    return file;
}

void tree_put(const char *root, const char *path, const char *text)
{
    g_autofree char *file = path_in(root, path);
    int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(write(fd, text, strlen(text)), ==, (ssize_t)strlen(text));
    close(fd);
}

void tree_link(const char *root, const char *path, const char *target)
{
    g_autofree char *file = path_in(root, path);

    unlink(file);
    g_assert_cmpint(symlink(target, file), ==, 0);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void tree_take(const char *root, const char *path)
{
    g_autofree char *file = g_build_filename(root, path, NULL);

    if (nftw(file, remove_one, 16, FTW_DEPTH | FTW_PHYS) < 0)
        g_assert_cmpint(errno, ==, ENOENT);
}

void tree_remove(char *root)
{
    tree_take(root, "");
    g_free(root);
}
