/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The form of configuration files: "[section]" lines, "key = value" lines, empty lines, and
 * comments from a "#" or ";" at the beginning of a line. Blanks around names and values do not
 * count. Pure.
 */
#pragma once

#include <stddef.h>

#include "common/macros.h"

#define GS_INI_MAX_SIZE (1u << 20)
#define GS_INI_MAX_LINE 8192

struct gs_ini_handler {
    /* Names and values are borrowed, valid UTF-8 without control characters. Lines count from 1. */
    void (*section)(void *user, unsigned line, const char *name);
    void (*key)(void *user, unsigned line, const char *name, const char *value);
    /* A line that is neither. why: static. */
    void (*error)(void *user, unsigned line, const char *why);
};

/* size bytes; what follows a bad line is read all the same. */
void gs_ini_parse(const char *text, size_t size, const struct gs_ini_handler *handler, void *user);
