/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines of the log as fields for systemd-journald, by its native protocol: one datagram a line
 * (systemd's JOURNAL_NATIVE_PROTOCOL). Own code, since a program that speaks it need not load
 * libsystemd. Any thread.
 */
#pragma once

#include <stdbool.h>

#include "common/macros.h"

#define GS_JOURNAL_MESSAGE_MAX 1024

struct gs_journal_entry {
    int priority;                         /* of syslog(3) */
    const char *program, *session, *user; /* on one line each; session, user: "" leaves it out */
    const char *message;                  /* any bytes; what is over the maximum is cut off */
};

/* Whether what goes to stderr ends in the journal: $JOURNAL_STREAM of systemd.exec(5). */
bool gs_journal_has_stderr(void);
/* A socket, close-on-exec, or -errno. */
int gs_journal_open(void) GS_MUST_CHECK;
/* Never waits. -errno: it did not get it. */
int gs_journal_send(int fd, const struct gs_journal_entry *e) GS_MUST_CHECK;
