/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Log lines: level, program, session, user, text. Any thread. On stderr, one write each, with the
 * time before them; where stderr is the journal they go there as fields (common/journal.h):
 * PRIORITY, SYSLOG_IDENTIFIER, GPUSHARE_SESSION, GPUSHARE_USER, MESSAGE. Control characters in a
 * text become blanks, so that a line is always one.
 *
 * error: something asked for is not there or was lost. warn: carried on, with less.
 * info: lifecycle. debug: never once per frame. trace: may be once per frame.
 */
#pragma once

#include <stdbool.h>

#include "common/macros.h"

enum gs_log_level {
    GS_LOG_ERROR,
    GS_LOG_WARN,
    GS_LOG_INFO,
    GS_LOG_DEBUG,
    GS_LOG_TRACE,
};

/* Names the program and, where one is known, the session (NULL: none) on every later line. The
 * level comes from GPUSHARE_LOG (error, warn, info, debug, trace); info without it. Copies both
 * strings. Call before other threads start. */
void gs_log_init(const char *program, const char *session);
/* The user whose session it is, on every later line (NULL: not known). Copied. Likewise before
 * other threads start. */
void gs_log_set_user(const char *user);
/* Replaces the level that gs_log_init chose. */
void gs_log_set_level(enum gs_log_level level);
/* "warn" → GS_LOG_WARN and so on; false for an unknown name, with *ret untouched. */
bool gs_log_parse_level(const char *name, enum gs_log_level *ret);
bool gs_log_enabled(enum gs_log_level level);
void gs_log(enum gs_log_level level, const char *fmt, ...) GS_PRINTF(2, 3);
/* About one session of many: its name and its user in place of those that all lines have. NULL or
 * "": not known. */
void gs_log_session(enum gs_log_level level, const char *session, const char *user, const char *fmt,
                    ...) GS_PRINTF(4, 5);

/* What a line begins with and which lines there are, for a part of the program that has a log of
 * its own (common/module.h). */
struct gs_log_context {
    char program[32], session[64], user[64];
    enum gs_log_level level;
    int journal; /* its socket, open until the process ends; -1: lines go to stderr */
};

void gs_log_get_context(struct gs_log_context *ret);
/* As gs_log_init. */
void gs_log_set_context(const struct gs_log_context *context);

#define gs_error(...) gs_log(GS_LOG_ERROR, __VA_ARGS__)
#define gs_warn(...) gs_log(GS_LOG_WARN, __VA_ARGS__)
#define gs_info(...) gs_log(GS_LOG_INFO, __VA_ARGS__)
#define gs_debug(...) gs_log(GS_LOG_DEBUG, __VA_ARGS__)
#define gs_trace(...) gs_log(GS_LOG_TRACE, __VA_ARGS__)
