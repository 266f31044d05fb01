/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `gpushare-host doctor` finds out, one thing each, and the lines in which worker and client
 * tell the host theirs: JSON objects on stdout, one a line. Thread: one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/macros.h"

enum gs_check_status {
    GS_CHECK_OK,
    GS_CHECK_INFO, /* good to know */
    GS_CHECK_WARN, /* a session runs, with less */
    GS_CHECK_FAIL, /* no session runs */
};

struct gs_check {
    char id[32];    /* "part.thing", for programs; "part" alone is what a session will take */
    char title[32]; /* for people */
    enum gs_check_status status;
    char detail[512]; /* what was found */
    char remedy[512]; /* what to do about it; "" where there is nothing to do */
    char value[128];  /* what a session will take, by its short name; "": nothing to choose */
};

const char *gs_check_status_name(enum gs_check_status status);
/* One line without its end, for free(). */
char *gs_check_to_json(const struct gs_check *check);
/* size bytes without a NUL. Texts that are too long are cut. 0 or -EBADMSG, *ret untouched. */
int gs_check_from_json(const char *json, size_t size, struct gs_check *ret) GS_MUST_CHECK;

/* Fills id and title, and detail as printf does. */
void gs_check_set(struct gs_check *check, const char *id, const char *title,
                  enum gs_check_status status, const char *fmt, ...) GS_PRINTF(5, 6);
void gs_check_set_remedy(struct gs_check *check, const char *fmt, ...) GS_PRINTF(2, 3);
/* Writes the line to stdout at once. */
void gs_check_say(const struct gs_check *check);

/* ---- risky checks, each in a process of its own ---- */

struct gs_check_trial {
    const char *id, *title;
    enum gs_check_status if_dead; /* when it crashes or hangs */
    const char *if_dead_remedy;
    /* In a process of its own, whose stderr is kept. Says its checks and returns whether what it
     * tried can be used. */
    bool (*run)(void *user);
    void *user;
    unsigned timeout_ms;
};

/* Returns what run did; false when it did not come to an end, which it says as a check. The caller
 * has no other thread. */
bool gs_check_try(const struct gs_check_trial *trial);
/* The last line on the stderr of this trial, without what a log puts before it; for g_free, never
 * NULL. Only within run. */
char *gs_check_last_words(void);
