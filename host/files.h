/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small files that are always whole, and folders. Any thread. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "common/macros.h"

/* Replaces the file: the new one or the old one is there, whatever happens. 0 or -errno. */
int gs_file_write(const char *path, const void *data, size_t size, mode_t mode) GS_MUST_CHECK;
/* A regular file of ours of at most max bytes, with a NUL behind it, for g_free. -EPERM: it belongs
 * to somebody else; -EFBIG; -errno. */
int gs_file_read(const char *path, size_t max, char **ret, size_t *ret_size) GS_MUST_CHECK;
/* The folder, with those above it that are missing. One that is there already must be ours, and
 * gets this mode. 0; -EPERM; -errno. */
int gs_folder_make(const char *path, mode_t mode) GS_MUST_CHECK;
