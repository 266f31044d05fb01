/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table behind host/config.h: one row a key. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/macros.h"
#include "host/config.h"

enum gs_key_kind {
    GS_KEY_TEXT,     /* char[size] */
    GS_KEY_PATH,     /* char[size], absolute or empty */
    GS_KEY_ADDRESS,  /* char[size], a numeric address or empty */
    GS_KEY_ENDPOINT, /* char[size], ADDRESS:PORT or empty */
    GS_KEY_NAME,     /* char[size], one of choices, or empty where fallback is */
    GS_KEY_NUMBER,   /* uint32_t */
    GS_KEY_AUTO,     /* uint32_t, or "auto": UINT32_MAX */
    GS_KEY_PORT,     /* uint16_t */
    GS_KEY_PORTS,    /* two uint16_t: FIRST-LAST */
    GS_KEY_SIDES,    /* two uint32_t: WIDTHxHEIGHT */
    GS_KEY_BYTES,    /* uint64_t, with K, M, G */
    GS_KEY_SECONDS,  /* uint32_t, with s, m, h, d */
    GS_KEY_MILLIS,   /* uint32_t, with ms, s, m */
    GS_KEY_CHOICE,   /* an enum (int), place in choices */
    GS_KEY_WORDS,    /* char **, split at blanks and commas */
    GS_KEY_COMMAND,  /* char **, quoted as for a shell; so are assignments */
};

/* When a changed value counts. */
enum gs_key_reload {
    GS_RELOAD_RESTART, /* when the daemon starts again */
    GS_RELOAD_AT_ONCE,
    GS_RELOAD_SESSIONS, /* for sessions made after the reload */
};

struct gs_config_key {
    const char *section; /* "app": every [app NAME]; "session" keys stand there, too */
    const char *name;
    enum gs_key_kind kind;
    size_t offset, size; /* in the section's struct; size of text */
    uint64_t min, max;
    const char *const *choices; /* NULL at the end */
    enum gs_key_reload reload;
    const char *fallback; /* what holds without it, as a reader is told */
    const char *help;     /* no full stop at the end */
};

/* server, network, limits, scheduler, log (struct gs_host_config); session (struct
 * gs_session_settings); user, which holds for group, too (struct gs_share); app (struct gs_app).
 * The one without a name ends each. */
extern const struct gs_config_key gs_config_keys[], gs_session_keys[], gs_share_keys[],
    gs_app_keys[];

const struct gs_config_key *gs_config_key_find(const struct gs_config_key *keys,
                                               const char *section, const char *name);
/* Reads a value into the struct at base. 0; -EINVAL with a sentence in *ret_why for g_free, and the
 * struct untouched. */
int gs_config_key_read(const struct gs_config_key *key, const char *value, void *base,
                       char **ret_why) GS_MUST_CHECK;
/* What is there, as a file would say it; for g_free. */
char *gs_config_key_write(const struct gs_config_key *key, const void *base);
/* "1 to 240"; NULL where anything goes; for g_free. */
char *gs_config_key_range(const struct gs_config_key *key);
/* The known name that is most like this one; NULL: none is. */
const char *gs_config_key_guess(const struct gs_config_key *keys, const char *section,
                                const char *name);
