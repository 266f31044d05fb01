/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A command line as a table: reading it, --help, the manual page and the completion of shells all
 * come from the same rows (the last two at build time, manual/). Main thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "common/macros.h"

enum gs_option_kind {
    GS_OPTION_FLAG,   /* gboolean; takes no argument */
    GS_OPTION_INT,    /* int */
    GS_OPTION_DOUBLE, /* double */
    GS_OPTION_TEXT,   /* char *, to be freed with g_free */
    GS_OPTION_TEXTS,  /* char **, to be freed with g_strfreev; may be given again and again */
};

struct gs_option {
    const char *group; /* heading, on the first option of a group; NULL: the one before goes on */
    const char *name;  /* without its dashes */
    char letter;       /* 0: none */
    enum gs_option_kind kind;
    size_t offset;        /* of its value in the struct that is filled */
    const char *arg;      /* what the argument is called; NULL for flags */
    const char *help;     /* what it does; no full stop at the end */
    const char *range;    /* what is allowed; NULL: anything, or said by help */
    const char *fallback; /* what holds without it; NULL: nothing worth saying */
    const char *values;   /* for completion: words, or @file, @encoders, @converters, @decoders,
                             @sessions, @apps */
    bool hidden;
};

struct gs_command {
    const char *program;
    const char *verb; /* one word or two; NULL: the program has none */
    const char *operands;
    const char *operand_values;      /* for completion, as those of an option; NULL: none */
    const char *summary;             /* one sentence without its full stop */
    const char *notes;               /* below the options in --help; NULL: nothing */
    const struct gs_option *options; /* the one without a name ends them */
    bool operands_end_options;       /* what follows the first operand belongs to it */
    bool runs_command;               /* the operands are a program and its arguments */
};

/* Fills values, which hold the defaults before. *ret_rest: the operands, for g_strfreev; NULL where
 * there are none. 0; -EINVAL with a sentence for the user in *ret_why, to be freed with g_free;
 * what was filled so far is the caller's to free. --help is answered and ends the process. */
int gs_command_parse(const struct gs_command *command, int argc, char **argv, void *values,
                     char ***ret_rest, char **ret_why) GS_MUST_CHECK;
void gs_command_help(const struct gs_command *command, FILE *out);
/* "gpushare-host run", for g_free. */
char *gs_command_name(const struct gs_command *command);
/* What --help and the manual say about an option: help, range and fallback; for g_free. */
char *gs_option_text(const struct gs_option *option);
