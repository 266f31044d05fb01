/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the verbs that administer share: asking the daemon, saying what went wrong, and options.
 * Blocks. Main thread. */
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/command.h"

struct gs_http;
struct gs_http_reply;

/* Options of most of them; a verb's own values begin with it. */
struct gs_api_options {
    char *socket; /* NULL: where a daemon is by default */
    gboolean json;
};

#define GS_API_SOCKET                                                                              \
    {                                                                                              \
        NULL, "socket", 0, GS_OPTION_TEXT, offsetof(struct gs_api_options, socket), "PATH",        \
            "Control socket of the daemon", NULL,                                                  \
            "/run/gpushare/control.sock as root or where it is there, else in "                    \
            "$XDG_RUNTIME_DIR/gpushare",                                                           \
            "@file", false                                                                         \
    }
#define GS_API_JSON                                                                                \
    {                                                                                              \
        NULL, "json", 0, GS_OPTION_FLAG, offsetof(struct gs_api_options, json), NULL,              \
            "Print the answer of the daemon as JSON", NULL, NULL, NULL, false                      \
    }
#define GS_API_EXIT                                                                                \
    "Exit status: 0 done, 1 it failed, 2 wrong usage or value, 3 refused, 4 no daemon answers.\n"

/* As gs_command_parse, and counts the operands: complains, returns false where they are too few or
 * too many. values begin with struct gs_api_options. */
bool gs_api_parse(const struct gs_command *command, int argc, char **argv, void *values,
                  char ***ret_rest, unsigned min, unsigned max);
/* "gpushare-host VERB: …" on stderr; returns the status given. */
GS_PRINTF(3, 4)
int gs_api_complain(const struct gs_command *command, int status, const char *fmt, ...);
/* "/v1/sessions/NAME" and what follows; for g_free. NULL: no session has such a name, as was said:
 * GS_EXIT_FAILED. */
char *gs_api_session_path(const struct gs_command *command, const char *name, const char *rest);

/* Asks, and waits for the answer. request: taken; NULL: none. Returns the exit status; where that
 * is not 0, it was said why. *ret: for json_decref. */
int gs_api_ask(const struct gs_command *command, const struct gs_api_options *o, const char *method,
               const char *target, json_t *request, json_t **ret);
/* The same of a GET, without a word: NULL where there is no answer, or it is an error. Any thread,
 * as long as one other asked before. */
json_t *gs_api_try(const struct gs_api_options *o, const char *target);
/* Asks for something that is no JSON, or has no end: 0 with *ret to be read, and closed. */
int gs_api_open(const struct gs_command *command, const struct gs_api_options *o,
                const char *target, const struct gs_http **ret_http, struct gs_http_reply **ret);
/* On stdout, with a newline. */
void gs_api_print_json(const json_t *body);

/* "90", "10m", "2h", "1d" as seconds; false: this is none. */
bool gs_api_duration(const char *text, int64_t *ret);

/* Of an answer: "" and 0 where it is not there. */
const char *gs_api_text(const json_t *object, const char *key);
json_int_t gs_api_number(const json_t *object, const char *key);
