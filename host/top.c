/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verb `top`: on a terminal redrawn in its place, else one table after the other. */
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "host/admin.h"
#include "host/api.h"
#include "host/exit_status.h"
#include "host/top_rows.h"

#define SCREEN_ON "\033[2J\033[?25l" /* empty, without a cursor */
#define SCREEN_OFF "\033[?25h"
#define HOME "\033[H"
#define CLEAR_BELOW "\033[J"
#define LINE_END "\033[K\n"

struct values {
    struct gs_api_options api;
    gboolean once;
    double interval_s;
};

static const struct gs_option options[] = {
    {"Options", "interval", 0, GS_OPTION_DOUBLE, offsetof(struct values, interval_s), "S",
     "Seconds between two looks", "0.2 to 3600", "1", NULL, false},
    {NULL, "once", 0, GS_OPTION_FLAG, offsetof(struct values, once), NULL,
     "Look twice, one interval apart, print one table, and end", NULL, NULL, NULL, false},
    {NULL, "json", 0, GS_OPTION_FLAG, offsetof(struct gs_api_options, json), NULL,
     "Print the answers of the daemon as JSON, one a line", NULL, NULL, NULL, false},
    GS_API_SOCKET,
    {.name = NULL},
};

const struct gs_command gs_top_command = {
    .program = "gpushare-host",
    .verb = "top",
    .summary = "Shows all sessions and what they use, again and again; q ends it",
    .notes =
        "MS p50/p99 is the latency of frames of the last second, up to the client's decoder\n"
        "where the client says so, else up to the last packet. GPU ms/s is GPU time of worker\n"
        "and application in milliseconds a second, SHARE which percent of its GPU the session\n"
        "got and had asked for. CPU % counts worker and application, of one processor. DROPPED\n"
        "are frames that were encoded and reached nobody, MISSES frames that came later than\n"
        "the floor (or fps) asks for, with the session that was most often in the way.\n"
        "\n" GS_API_EXIT,
    .options = options,
};

struct top {
    const struct values *values;
    GMainLoop *loop;
    struct gs_top_rows *rows;
    bool terminal;
    struct termios before;
    unsigned looks;
    int status;
};

/* ---- the terminal ---- */

static void enter_screen(struct top *t)
{
    struct termios raw;

    if (!t->terminal)
        return;
    if (tcgetattr(STDIN_FILENO, &t->before) == 0) {
        raw = t->before;
        raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        raw.c_cc[VSUSP] = _POSIX_VDISABLE;
        tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    }
    fputs(SCREEN_ON, stdout);
}

static void leave_screen(struct top *t)
{
    if (!t->terminal)
        return;
    fputs(SCREEN_OFF, stdout);
    fflush(stdout);
    tcsetattr(STDIN_FILENO, TCSANOW, &t->before);
}

static void draw(struct top *t)
{
    struct winsize size = {0};

    if (!t->terminal) {
        gs_top_rows_print(t->rows, 0, 0, "\n", stdout);
        if (!t->values->once)
            putchar('\n');
    } else {
        ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
        fputs(HOME, stdout);
        gs_top_rows_print(t->rows, size.ws_col, size.ws_row ? size.ws_row - 1u : 0, LINE_END,
                          stdout);
        fputs(CLEAR_BELOW, stdout);
    }
    fflush(stdout);
}

/* ---- looking ---- */

static void end(struct top *t, int status)
{
    t->status = status;
    g_main_loop_quit(t->loop);
}

static void show(struct top *t, const json_t *answer)
{
    gs_top_rows_update(t->rows, answer, g_get_monotonic_time());
    t->looks++;
    if (t->values->api.json) {
        json_dumpf(answer, stdout, JSON_COMPACT);
        putchar('\n');
        fflush(stdout);
    } else if (!t->values->once || t->looks > 1) {
        draw(t);
    }
    if (t->values->once && (t->values->api.json || t->looks > 1))
        end(t, GS_EXIT_DONE);
    else if (ferror(stdout))
        end(t, GS_EXIT_FAILED);
}

static gboolean on_tick(void *data)
{
    struct top *t = data;
    json_t *answer;
    int status = gs_api_ask(&gs_top_command, &t->values->api, "GET", "/v1/sessions", NULL, &answer);

    if (status) {
        end(t, status);
        return G_SOURCE_CONTINUE;
    }
    show(t, answer);
    json_decref(answer);
    return G_SOURCE_CONTINUE;
}

static gboolean on_key(gint fd, GIOCondition condition, void *data)
{
    struct top *t = data;
    char key = 0;

    (void)condition;
    if (read(fd, &key, 1) <= 0 || key == 'q' || key == 'Q' || key == 4)
        end(t, GS_EXIT_DONE);
    return G_SOURCE_CONTINUE;
}

static gboolean on_signal(void *data)
{
    end(data, GS_EXIT_DONE);
    return G_SOURCE_CONTINUE;
}

static gboolean on_resize(void *data)
{
    draw(data);
    return G_SOURCE_CONTINUE;
}

static void watch(struct top *t)
{
    g_timeout_add((guint)(t->values->interval_s * 1000), on_tick, t);
    g_unix_signal_add(SIGINT, on_signal, t);
    g_unix_signal_add(SIGTERM, on_signal, t);
    g_unix_signal_add(SIGHUP, on_signal, t);
    if (t->terminal) {
        g_unix_signal_add(SIGWINCH, on_resize, t);
        g_unix_fd_add(STDIN_FILENO, G_IO_IN | G_IO_HUP, on_key, t);
    }
}

static int run(const struct values *v)
{
    struct top t = {.values = v};

    if (!(v->interval_s >= 0.2 && v->interval_s <= 3600))
        return gs_api_complain(&gs_top_command, GS_EXIT_USAGE,
                               "--interval %g: allowed is 0.2 to 3600", v->interval_s);
    t.loop = g_main_loop_new(NULL, FALSE);
    t.rows = gs_top_rows_create();
    t.terminal = !v->once && !v->api.json && isatty(STDOUT_FILENO) && isatty(STDIN_FILENO);
    signal(SIGPIPE, SIG_IGN);
    watch(&t);
    enter_screen(&t);
    t.status = -1;
    on_tick(&t);
    if (t.status < 0)
        g_main_loop_run(t.loop);
    leave_screen(&t);
    gs_top_rows_destroy(t.rows);
    g_main_loop_unref(t.loop);
    return t.status;
}

int gs_verb_top(int argc, char **argv)
{
    struct values v = {.interval_s = 1};
    char **rest = NULL;
    int status = GS_EXIT_USAGE;

    if (gs_api_parse(&gs_top_command, argc, argv, &v, &rest, 0, 0))
        status = run(&v);
    g_strfreev(rest);
    g_free(v.api.socket);
    return status;
}
