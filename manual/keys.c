/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys of configuration files, from their table. */
#include <glib.h>
#include <string.h>

#include "host/config_keys.h"
#include "manual/manual.h"

static const char *when(enum gs_key_reload reload)
{
    if (reload == GS_RELOAD_RESTART)
        return "A change counts when the daemon starts again.";
    if (reload == GS_RELOAD_SESSIONS)
        return "A change counts for sessions made after a reload.";
    return "A change counts from the reload on.";
}

static void put_key(const struct gs_config_key *key, FILE *out)
{
    g_autofree char *range = gs_config_key_range(key);

    fputs(".TP\n\\fB", out);
    gs_manual_put(out, key->name);
    fputs("\\fR\n", out);
    gs_manual_put(out, key->help);
    fputs(".\n", out);
    if (range) {
        fputs(key->choices ? "One of: " : "From ", out);
        gs_manual_put(out, range);
        fputs(".\n", out);
    }
    fputs("Without it: ", out);
    gs_manual_put(out, key->fallback);
    fputs(".\n", out);
    gs_manual_put(out, when(key->reload));
    fputs("\n", out);
}

bool gs_manual_keys(const char *section, FILE *out)
{
    static const struct gs_config_key *const tables[] = {gs_config_keys, gs_session_keys,
                                                         gs_share_keys, gs_app_keys};
    bool any = false;

    for (size_t i = 0; i < GS_ARRAY_SIZE(tables); i++) {
        for (const struct gs_config_key *key = tables[i]; key->name; key++) {
            if (strcmp(key->section, section) == 0) {
                put_key(key, out);
                any = true;
            }
        }
    }
    return any;
}
