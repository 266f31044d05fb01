/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gs-manual, a tool of the build: makes manual pages and the completion of bash from the tables of
 * the command lines (common/command.h). */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "common/command.h"

struct gs_manual_program {
    const char *name;
    const struct gs_command *const *commands; /* NULL at the end */
    const char *more_options; /* before a verb, apart by blanks; NULL where there are no verbs */
};

/* The words that may stand after an option, apart by blanks: names come from the registries of
 * their part. For g_free; NULL: anything, or a file. */
char *gs_manual_values(const struct gs_option *option);
/* Text for roff: no escapes, no requests, no hyphens where minus signs are meant. */
void gs_manual_put(FILE *out, const char *text);
/* The keys of a section of the daemon's configuration; false: there is no such section. */
bool gs_manual_keys(const char *section, FILE *out);
/* Copies the template and fills it: a line “@OPTIONS VERB@” or “@SYNOPSIS VERB@” becomes what its
 * table says (VERB is left out where there is none), “@KEYS SECTION@” the keys of that section, and
 * @VERSION@ the version. 0 or -EINVAL, said on stderr. */
int gs_manual_page(const struct gs_manual_program *program, const char *template_text,
                   FILE *out) GS_MUST_CHECK;
/* The daemon's configuration with all keys commented out. */
void gs_manual_sample(FILE *out);
void gs_manual_completion(const struct gs_manual_program *program, FILE *out);
