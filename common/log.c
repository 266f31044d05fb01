/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *const level_names[] = {"error", "warn", "info", "debug", "trace"};

static _Atomic int log_level = GS_LOG_INFO;
static struct gs_log_context context = {.program = "gpushare"}; /* its level: log_level */

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
    if (!env)
        return;
    if (gs_log_parse_level(env, &level))
        gs_log_set_level(level);
    else
        gs_warn("GPUSHARE_LOG=%s is not a level (error, warn, info, debug, trace)", env);
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

/* One write per line, so that lines of several threads and processes do not mix. */
void gs_log(enum gs_log_level level, const char *fmt, ...)
{
    char line[1024];
    struct timespec now;
    struct tm tm;
    va_list args;
    int n, body;

    if (!gs_log_enabled(level))
        return;
    clock_gettime(CLOCK_REALTIME, &now);
    localtime_r(&now.tv_sec, &tm);
    n = snprintf(line, sizeof(line), "%02d:%02d:%02d.%03ld %-5s %s%s%s: ", tm.tm_hour, tm.tm_min,
                 tm.tm_sec, now.tv_nsec / 1000000, level_names[level], context.program,
                 context.session[0] ? " session=" : "", context.session);
    va_start(args, fmt);
    body = vsnprintf(line + n, sizeof(line) - (size_t)n - 1, fmt, args);
    va_end(args);
    if (body < 0)
        return;
    n = GS_MIN(n + body, (int)sizeof(line) - 2);
    line[n++] = '\n';
    if (write(STDERR_FILENO, line, (size_t)n) < 0)
        return;
}
