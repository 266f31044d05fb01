/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "common/journal.h"

#define LINE_MAX_BYTES 1024

static const char *const level_names[] = {"error", "warn", "info", "debug", "trace"};

static _Atomic int log_level = GS_LOG_INFO;
static struct gs_log_context context = {.program = "gpushare",
                                        .journal = -1}; /* its level: log_level */

bool gs_log_parse_level(const char *name, enum gs_log_level *ret)
{
    for (size_t i = 0; i < GS_ARRAY_SIZE(level_names); i++) {
        if (strcmp(name, level_names[i]) == 0) {
            *ret = (enum gs_log_level)i;
            return true;
        }
    }
    return false;
}

void gs_log_init(const char *program, const char *session)
{
    const char *env = getenv("GPUSHARE_LOG");
    enum gs_log_level level;

    snprintf(context.program, sizeof(context.program), "%s", program);
    snprintf(context.session, sizeof(context.session), "%s", session ? session : "");
    if (context.journal < 0 && gs_journal_has_stderr())
        context.journal = gs_journal_open();
    if (!env)
        return;
    if (gs_log_parse_level(env, &level))
        gs_log_set_level(level);
    else
        gs_warn("GPUSHARE_LOG=%s is not a level (error, warn, info, debug, trace)", env);
}

void gs_log_set_user(const char *user)
{
    snprintf(context.user, sizeof(context.user), "%s", user ? user : "");
}

void gs_log_set_level(enum gs_log_level level)
{
    atomic_store(&log_level, (int)level);
}

void gs_log_get_context(struct gs_log_context *ret)
{
    *ret = context;
    ret->level = (enum gs_log_level)atomic_load(&log_level);
}

void gs_log_set_context(const struct gs_log_context *c)
{
    context = *c;
    gs_log_set_level(c->level);
}

bool gs_log_enabled(enum gs_log_level level)
{
    return (int)level <= atomic_load_explicit(&log_level, memory_order_relaxed);
}

/* Text may hold what somebody else chose. */
static void flatten(char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = ' ';
    }
}

/* One write per line, so that lines of several threads and processes do not mix. */
static void write_line(enum gs_log_level level, const char *session, const char *user,
                       const char *text)
{
    char line[LINE_MAX_BYTES];
    struct timespec now;
    struct tm tm;
    int n;

    clock_gettime(CLOCK_REALTIME, &now);
    localtime_r(&now.tv_sec, &tm);
    n = snprintf(line, sizeof(line) - 1, "%02d:%02d:%02d.%03ld %-5s %s%s%s%s%s: %s", tm.tm_hour,
                 tm.tm_min, tm.tm_sec, now.tv_nsec / 1000000, level_names[level], context.program,
                 session[0] ? " session=" : "", session, user[0] ? " user=" : "", user, text);
    if (n < 0)
        return;
    n = GS_MIN(n, (int)sizeof(line) - 2);
    line[n++] = '\n';
    if (write(STDERR_FILENO, line, (size_t)n) < 0)
        return;
}

static void say(enum gs_log_level level, const char *session, const char *user, const char *fmt,
                va_list args)
{
    static const int priorities[] = {LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG, LOG_DEBUG};
    char text[LINE_MAX_BYTES], session_text[64], user_text[64];
    const struct gs_journal_entry entry = {.priority = priorities[level],
                                           .program = context.program,
                                           .session = session_text,
                                           .user = user_text,
                                           .message = text};

    if (vsnprintf(text, sizeof(text), fmt, args) < 0)
        return;
    snprintf(session_text, sizeof(session_text), "%s", session ? session : "");
    snprintf(user_text, sizeof(user_text), "%s", user ? user : "");
    flatten(text);
    flatten(session_text);
    flatten(user_text);
    if (context.journal < 0 || gs_journal_send(context.journal, &entry) < 0)
        write_line(level, session_text, user_text, text);
}

void gs_log(enum gs_log_level level, const char *fmt, ...)
{
    va_list args;

    if (!gs_log_enabled(level))
        return;
    va_start(args, fmt);
    say(level, context.session, context.user, fmt, args);
    va_end(args);
}

void gs_log_session(enum gs_log_level level, const char *session, const char *user, const char *fmt,
                    ...)
{
    va_list args;

    if (!gs_log_enabled(level))
        return;
    va_start(args, fmt);
    say(level, session, user, fmt, args);
    va_end(args);
}
