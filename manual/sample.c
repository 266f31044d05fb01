/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration file that packages bring: every key, commented out. */
#include <glib.h>
#include <string.h>

#include "host/config_keys.h"
#include "manual/manual.h"

#define WIDTH 98

/* "# " and text, in lines that are not too long. */
static void put_comment(const char *text, FILE *out)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    size_t column = 0;

    for (char **word = words; *word; word++) {
        size_t length = (size_t)g_utf8_strlen(*word, -1) + 1;

        if (column == 0 || column + length > WIDTH) {
            fprintf(out, "%s#", column ? "\n" : "");
            column = 1;
        }
        fprintf(out, " %s", *word);
        column += length;
    }
    fputs("\n", out);
}

/* Folders depend on who runs the daemon: that of root, and nothing of who builds this. */
static char *value_of(const struct gs_config_key *key, const void *base)
{
    if (key->kind != GS_KEY_PATH)
        return gs_config_key_write(key, base);
    return key->fallback[0] == '/' ? g_strndup(key->fallback, strcspn(key->fallback, ";"))
                                   : g_strdup("");
}

static void put_key(const struct gs_config_key *key, const void *base, FILE *out)
{
    g_autofree char *range = gs_config_key_range(key);
    g_autofree char *value = value_of(key, base);
    g_autofree char *text =
        g_strdup_printf("%s%s%s%s. Without it: %s.", key->help,
                        range ? (key->choices ? "; one of " : "; ") : "", range ? range : "",
                        key->reload == GS_RELOAD_RESTART ? "; needs a restart" : "", key->fallback);

    fputs("\n", out);
    put_comment(text, out);
    fprintf(out, "#%s =%s%s\n", key->name, value[0] ? " " : "", value);
}

static void put_keys(const struct gs_config_key *keys, const void *base, FILE *out)
{
    const char *section = "";

    for (const struct gs_config_key *key = keys; key->name; key++) {
        if (strcmp(section, key->section) != 0)
            fprintf(out, "\n[%s]\n", key->section);
        section = key->section;
        put_key(key, base, out);
    }
}

void gs_manual_sample(FILE *out)
{
    struct gs_host_config defaults;

    gs_host_config_init(&defaults);
    fputs(
        "# Configuration of the gpushare daemon: gpushare-host.conf(5). What is commented out is\n"
        "# what holds without it. Files *.conf in conf.d beside this one are read after it.\n"
        "# “systemctl reload gpushare-host” reads it again; “gpushare-host serve --print-config”\n"
        "# checks it and prints what holds.\n",
        out);
    put_keys(gs_config_keys, &defaults, out);
    put_keys(gs_session_keys, &defaults.session, out);
    fputs("\n# An application that “session create NAME --app glmark2” starts. Keys of [session] "
          "may\n"
          "# stand here, too.\n"
          "#[app glmark2]\n"
          "#command = glmark2-es2-wayland --fullscreen\n"
          "#title = glmark2\n"
          "#fps = 30\n"
          "\n# What all sessions of the members of a group have together; [user NAME] likewise.\n"
          "#[group engineers]\n"
          "#weight = 300\n",
          out);
    gs_host_config_finish(&defaults);
}
