/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/config.h"

#include <errno.h>
#include <gio/gio.h>
#include <string.h>
#include <unistd.h>

#include "host/config_keys.h"

const char *const gs_restart_names[] = {"never", "on-failure", NULL};

/* ---- defaults ---- */

static void put_path(char *out, size_t size, const char *base, const char *tail)
{
    g_autofree char *path = g_build_filename(base, tail, NULL);

    g_strlcpy(out, path, size);
}

static void init_places(struct gs_host_config *c)
{
    const char *runtime = g_getenv("XDG_RUNTIME_DIR");
    g_autofree char *tmp = g_strdup_printf("gpushare-%u", (unsigned)getuid());

    if (geteuid() == 0) {
        g_strlcpy(c->state_dir, "/var/lib/gpushare", sizeof(c->state_dir));
        g_strlcpy(c->runtime_dir, "/run/gpushare", sizeof(c->runtime_dir));
        g_strlcpy(c->log_dir, "/var/log/gpushare", sizeof(c->log_dir));
        return;
    }
    put_path(c->state_dir, sizeof(c->state_dir), g_get_user_state_dir(), "gpushare");
    put_path(c->runtime_dir, sizeof(c->runtime_dir), runtime ? runtime : "/tmp",
             runtime ? "gpushare" : tmp);
    put_path(c->log_dir, sizeof(c->log_dir), c->state_dir, "log");
}

/* Of a key that has a value as its default. */
static bool says_value(const struct gs_config_key *key)
{
    return key->kind >= GS_KEY_NUMBER && key->kind <= GS_KEY_CHOICE;
}

static void init_keys(const struct gs_config_key *keys, void *base)
{
    for (; keys->name; keys++) {
        g_autofree char *why = NULL;

        if (says_value(keys) && gs_config_key_read(keys, keys->fallback, base, &why) < 0)
            g_error("%s", why);
    }
}

void gs_host_config_init(struct gs_host_config *c)
{
    memset(c, 0, sizeof(*c));
    init_places(c);
    g_strlcpy(c->admin_group, "gpushare-admin", sizeof(c->admin_group));
    g_strlcpy(c->log_level, "info", sizeof(c->log_level));
    init_keys(gs_config_keys, c);
    init_keys(gs_session_keys, &c->session);
}

static void app_finish(struct gs_app *app)
{
    g_strfreev(app->command);
    g_strfreev(app->env);
    g_strfreev(app->users);
    g_strfreev(app->groups);
}

void gs_host_config_finish(struct gs_host_config *c)
{
    for (unsigned i = 0; i < c->n_apps; i++)
        app_finish(&c->apps[i]);
    g_free(c->apps);
    g_free(c->shares);
    c->apps = NULL;
    c->shares = NULL;
    c->n_apps = c->n_shares = 0;
}

/* ---- another one while it runs ---- */

char *gs_host_config_reload(struct gs_host_config *c, struct gs_host_config *fresh)
{
    GString *differ = g_string_new(NULL);
    struct gs_host_config old = *c;

    *c = *fresh;
    for (const struct gs_config_key *k = gs_config_keys; k->name; k++) {
        g_autofree char *before = gs_config_key_write(k, &old);
        g_autofree char *after = gs_config_key_write(k, c);
        g_autofree char *why = NULL;

        if (k->reload != GS_RELOAD_RESTART || strcmp(before, after) == 0)
            continue;
        g_string_append_printf(differ, "%s%s", differ->len ? ", " : "", k->name);
        if (gs_config_key_read(k, before, c, &why) < 0)
            g_error("%s", why);
    }
    *fresh = old;
    return g_string_free(differ, differ->len == 0);
}

/* ---- what is there ---- */

static void print_keys(const struct gs_config_key *keys, const void *base, const char **section,
                       FILE *out)
{
    for (; keys->name; keys++) {
        g_autofree char *value = gs_config_key_write(keys, base);

        if (section && (!*section || strcmp(*section, keys->section) != 0)) {
            fprintf(out, "%s[%s]\n", *section ? "\n" : "", keys->section);
            *section = keys->section;
        }
        fprintf(out, "%s = %s\n", keys->name, value);
    }
}

void gs_host_config_print(const struct gs_host_config *c, FILE *out)
{
    const char *section = NULL;

    print_keys(gs_config_keys, c, &section, out);
    print_keys(gs_session_keys, &c->session, &section, out);
    for (unsigned i = 0; i < c->n_shares; i++) {
        fprintf(out, "\n[%s %s]\n", c->shares[i].group ? "group" : "user", c->shares[i].name);
        print_keys(gs_share_keys, &c->shares[i], NULL, out);
    }
    for (unsigned i = 0; i < c->n_apps; i++) {
        fprintf(out, "\n[app %s]\n", c->apps[i].name);
        print_keys(gs_app_keys, &c->apps[i], NULL, out);
        print_keys(gs_session_keys, &c->apps[i].settings, NULL, out);
    }
}

const struct gs_app *gs_host_config_app(const struct gs_host_config *c, const char *name)
{
    for (unsigned i = 0; i < c->n_apps; i++) {
        if (strcmp(c->apps[i].name, name) == 0)
            return &c->apps[i];
    }
    return NULL;
}

int gs_session_settings_set(struct gs_session_settings *s, const char *key, const char *value,
                            char **ret_why)
{
    const struct gs_config_key *k = gs_config_key_find(gs_session_keys, "session", key);
    const char *guess;

    if (k)
        return gs_config_key_read(k, value, s, ret_why);
    guess = gs_config_key_guess(gs_session_keys, "session", key);
    *ret_why = guess ? g_strdup_printf("sessions have no setting “%s”; is “%s” meant?", key, guess)
                     : g_strdup_printf("sessions have no setting “%s”", key);
    return -ENOENT;
}

uint32_t gs_session_cpu_weight(const struct gs_session_settings *s)
{
    return s->cpu_weight == UINT32_MAX ? s->weight : s->cpu_weight;
}

int gs_session_settings_agree(const struct gs_session_settings *s, char **ret_why)
{
    if (s->floor_fps <= s->fps)
        return 0;
    *ret_why = g_strdup_printf("floor: %u frames/s can't be promised to a session that may draw %u "
                               "(fps); raise fps, or give a floor of %u or less",
                               s->floor_fps, s->fps, s->fps);
    return -EINVAL;
}
