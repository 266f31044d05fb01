/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A made-up file system in a folder of its own, given to code in the place of "/". Thread: one. */
#pragma once

/* An empty one; for tree_remove. */
char *tree_create(void);
/* The file `path` in it holds `text`; folders above it are made. Replaced in place, so that open
 * descriptors see it. */
void tree_put(const char *root, const char *path, const char *text);
/* A symbolic link. */
void tree_link(const char *root, const char *path, const char *target);
/* A file, link or folder with all in it; it need not be there. */
void tree_take(const char *root, const char *path);
/* All of it, and frees the name. */
void tree_remove(char *root);
