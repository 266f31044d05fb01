/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading the configuration: files to entries, entries to values. */
#include <errno.h>
#include <gio/gio.h>
#include <string.h>
#include <unistd.h>

#include "host/config_keys.h"
#include "host/config_shares.h"
#include "host/ini.h"

#define ERRORS_MAX 50

/* ---- files ---- */

/* A line "key = value", where it stood. */
struct entry {
    char *section, *name, *value;
    const char *file;
    unsigned line;
};

struct reading {
    const char *file; /* in the list of files, which outlives the entries */
    char *section;    /* NULL: before the first */
    GArray *entries;  /* struct entry */
    GString *errors;
    unsigned n_errors;
};

static void G_GNUC_PRINTF(4, 5)
    complain(struct reading *r, const char *file, unsigned line, const char *fmt, ...)
{
    va_list ap;

    if (++r->n_errors > ERRORS_MAX)
        return;
    g_string_append_printf(r->errors, "%s%s:%u: ", r->errors->len ? "\n" : "", file, line);
    va_start(ap, fmt);
    g_string_append_vprintf(r->errors, fmt, ap);
    va_end(ap);
}

static void add(struct reading *r, unsigned line, const char *name, const char *value)
{
    struct entry e = {g_strdup(r->section), g_strdup(name), g_strdup(value), r->file, line};

    g_array_append_val(r->entries, e);
}

static void on_section(void *user, unsigned line, const char *name)
{
    struct reading *r = user;

    g_free(r->section);
    r->section = g_strdup(name);
    add(r, line, "", ""); /* so that empty sections are seen, too */
}

static void on_key(void *user, unsigned line, const char *name, const char *value)
{
    struct reading *r = user;

    if (!r->section) {
        complain(r, r->file, line, "%s stands before the first [section]", name);
        return;
    }
    for (guint i = 0; i < r->entries->len; i++) {
        const struct entry *e = &g_array_index(r->entries, struct entry, i);

        if (e->file == r->file && strcmp(e->section, r->section) == 0 &&
            strcmp(e->name, name) == 0) {
            complain(r, r->file, line, "%s stands in line %u already", name, e->line);
            return;
        }
    }
    add(r, line, name, value);
}

static void on_error(void *user, unsigned line, const char *why)
{
    struct reading *r = user;

    complain(r, r->file, line, "%s", why);
}

static int read_file(struct reading *r, const char *path, bool may_lack)
{
    static const struct gs_ini_handler handler = {on_section, on_key, on_error};
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    gsize size;

    if (!g_file_get_contents(path, &text, &size, &error)) {
        if (may_lack && g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
            return 0;
        complain(r, path, 1, "%s", error->message);
        return g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT) ? -ENOENT : -EIO;
    }
    g_clear_pointer(&r->section, g_free);
    r->file = path;
    if (size > GS_INI_MAX_SIZE)
        complain(r, path, 1, "this file is larger than %u bytes", GS_INI_MAX_SIZE);
    else
        gs_ini_parse(text, size, &handler, r);
    return 0;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The files of conf.d beside it, in the order of their names. */
static void list_parts(const char *path, GPtrArray *files)
{
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *parts = g_build_filename(folder, "conf.d", NULL);
    g_autoptr(GDir) dir = g_dir_open(parts, 0, NULL);
    const char *name;
    guint first = files->len;

    while (dir && (name = g_dir_read_name(dir))) {
        if (*name != '.' && g_str_has_suffix(name, ".conf"))
            g_ptr_array_add(files, g_build_filename(parts, name, NULL));
    }
    if (files->len > first)
        qsort(files->pdata + first, files->len - first, sizeof(void *), compare_names);
}

/* ---- from entries to values ---- */

static const char *app_name(const char *section)
{
    return g_str_has_prefix(section, "app ") ? g_strchug((char *)section + 4) : NULL;
}

/* NULL: it is no section of a user or group. */
static const char *share_name(const char *section, bool *ret_group)
{
    *ret_group = g_str_has_prefix(section, "group ");
    if (!*ret_group && !g_str_has_prefix(section, "user "))
        return NULL;
    return g_strchug((char *)section + (*ret_group ? 6 : 5));
}

static void read_value(struct reading *r, const struct entry *e, const struct gs_config_key *key,
                       void *base)
{
    g_autofree char *why = NULL;

    if (gs_config_key_read(key, e->value, base, &why) < 0)
        complain(r, e->file, e->line, "%s", why);
}

static void complain_unknown(struct reading *r, const struct entry *e, const char *guess)
{
    if (guess)
        complain(r, e->file, e->line, "[%s] has no key “%s”; is “%s” meant?", e->section, e->name,
                 guess);
    else
        complain(r, e->file, e->line, "[%s] has no key “%s”", e->section, e->name);
}

static bool is_section(const char *name)
{
    for (const struct gs_config_key *k = gs_config_keys; k->name; k++) {
        if (strcmp(k->section, name) == 0)
            return true;
    }
    return strcmp(name, "session") == 0;
}

static void apply_common(struct reading *r, const struct entry *e, struct gs_host_config *c)
{
    bool session = strcmp(e->section, "session") == 0;
    const struct gs_config_key *keys = session ? gs_session_keys : gs_config_keys;
    const struct gs_config_key *key = gs_config_key_find(keys, e->section, e->name);

    if (!*e->name) {
        if (!is_section(e->section))
            complain(r, e->file, e->line, "there is no section [%s]", e->section);
    } else if (key) {
        read_value(r, e, key, session ? (void *)&c->session : (void *)c);
    } else if (is_section(e->section)) {
        complain_unknown(r, e, gs_config_key_guess(keys, e->section, e->name));
    }
}

static struct gs_app *find_or_add(struct gs_host_config *c, const char *name)
{
    struct gs_app *app;

    for (unsigned i = 0; i < c->n_apps; i++) {
        if (strcmp(c->apps[i].name, name) == 0)
            return &c->apps[i];
    }
    c->apps = g_renew(struct gs_app, c->apps, c->n_apps + 1);
    app = &c->apps[c->n_apps++];
    *app = (struct gs_app){.settings = c->session};
    g_strlcpy(app->name, name, sizeof(app->name));
    g_strlcpy(app->title, name, sizeof(app->title));
    return app;
}

static void apply_app(struct reading *r, const struct entry *e, const char *name,
                      struct gs_host_config *c)
{
    const struct gs_config_key *of_app = gs_config_key_find(gs_app_keys, "app", e->name);
    const struct gs_config_key *of_session =
        gs_config_key_find(gs_session_keys, "session", e->name);
    struct gs_app *app;

    if (!gs_session_name_valid(name)) {
        if (!*e->name)
            complain(r, e->file, e->line,
                     "[app %s]: the name must be letters, digits, '-', '_' and '.'", name);
        return;
    }
    app = find_or_add(c, name);
    if (of_app) {
        read_value(r, e, of_app, app);
    } else if (of_session) {
        read_value(r, e, of_session, &app->settings);
    } else if (*e->name) {
        const char *guess = gs_config_key_guess(gs_app_keys, "app", e->name);

        complain_unknown(r, e,
                         guess ? guess : gs_config_key_guess(gs_session_keys, "session", e->name));
    }
}

/* A section once more in one file is a mistake: which of its weights is meant? */
static const struct entry *section_before(const struct reading *r, const struct entry *e)
{
    for (guint i = 0; i < r->entries->len; i++) {
        const struct entry *o = &g_array_index(r->entries, struct entry, i);

        if (o == e)
            return NULL;
        if (!*o->name && o->file == e->file && strcmp(o->section, e->section) == 0)
            return o;
    }
    return NULL;
}

static void begin_share(struct reading *r, const struct entry *e, const char *name)
{
    const struct entry *before = section_before(r, e);

    if (!gs_config_share_name_valid(name))
        complain(r, e->file, e->line, "[%s]: the name must have 1 to 63 bytes without blanks",
                 e->section);
    else if (before)
        complain(r, e->file, e->line, "[%s] stands in line %u already", e->section, before->line);
}

static void apply_share(struct reading *r, const struct entry *e, struct gs_host_config *c)
{
    const struct gs_config_key *key = gs_config_key_find(gs_share_keys, "user", e->name);
    bool group;
    const char *name = share_name(e->section, &group);

    if (!*e->name)
        begin_share(r, e, name);
    if (!gs_config_share_name_valid(name))
        return;
    if (key || !*e->name) {
        struct gs_share *share = gs_config_share_find_or_add(c, name, group);

        if (key)
            read_value(r, e, key, share);
    } else {
        complain_unknown(r, e, gs_config_key_guess(gs_share_keys, "user", e->name));
    }
}

/* Where it was begun, for what can be said of the whole only. */
static const struct entry *section_start(const struct reading *r, const char *section)
{
    for (guint i = 0; i < r->entries->len; i++) {
        const struct entry *e = &g_array_index(r->entries, struct entry, i);

        if (strcmp(e->section, section) == 0)
            return e;
    }
    return NULL;
}

static bool assignments(char *const *env)
{
    for (; env && *env; env++) {
        if (**env == '=' || !strchr(*env, '='))
            return false;
    }
    return true;
}

/* Told where its floor stands, or else what it is compared to. */
static void check_settings(struct reading *r, const char *section,
                           const struct gs_session_settings *set)
{
    g_autofree char *why = NULL;
    const struct entry *e = section_start(r, section);

    for (guint i = 0; i < r->entries->len; i++) {
        const struct entry *o = &g_array_index(r->entries, struct entry, i);

        if (strcmp(o->section, section) == 0 &&
            (strcmp(o->name, "floor") == 0 || strcmp(o->name, "fps") == 0))
            e = o;
    }
    if (e && gs_session_settings_agree(set, &why) < 0)
        complain(r, e->file, e->line, "%s", why);
}

static void check_whole(struct reading *r, const struct gs_host_config *c)
{
    const struct entry *e = section_start(r, "network");

    if (!c->certificate[0] != !c->key[0] && e)
        complain(r, e->file, e->line, "certificate and key must be given both, or neither");
    check_settings(r, "session", &c->session);
    for (unsigned i = 0; i < c->n_apps; i++) {
        g_autofree char *section = g_strdup_printf("app %s", c->apps[i].name);

        e = section_start(r, section);
        if (!e)
            continue;
        if (!c->apps[i].command || !c->apps[i].command[0])
            complain(r, e->file, e->line, "[%s] has no command", section);
        if (!assignments(c->apps[i].env))
            complain(r, e->file, e->line, "[%s]: environment must be NAME=value …", section);
        check_settings(r, section, &c->apps[i].settings);
    }
}

static void apply(struct reading *r, struct gs_host_config *c)
{
    bool group;

    for (guint i = 0; i < r->entries->len; i++) {
        const struct entry *e = &g_array_index(r->entries, struct entry, i);

        if (share_name(e->section, &group))
            apply_share(r, e, c);
        else if (!app_name(e->section))
            apply_common(r, e, c);
    }
    /* What holds for all sessions is known from here on. */
    for (guint i = 0; i < r->entries->len; i++) {
        const struct entry *e = &g_array_index(r->entries, struct entry, i);

        if (app_name(e->section))
            apply_app(r, e, app_name(e->section), c);
    }
    check_whole(r, c);
}

static void entry_clear(void *entry)
{
    struct entry *e = entry;

    g_free(e->section);
    g_free(e->name);
    g_free(e->value);
}

static char *default_path(void)
{
    if (geteuid() == 0)
        return g_strdup("/etc/gpushare/host.conf");
    return g_build_filename(g_get_user_config_dir(), "gpushare", "host.conf", NULL);
}

int gs_host_config_load(const char *path, struct gs_host_config *c, char **ret_why)
{
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
    struct reading r = {.entries = g_array_new(FALSE, FALSE, sizeof(struct entry)),
                        .errors = g_string_new(NULL)};
    struct gs_host_config fresh;
    int err;

    g_array_set_clear_func(r.entries, entry_clear);
    g_ptr_array_add(files, path ? g_strdup(path) : default_path());
    list_parts(files->pdata[0], files);
    gs_host_config_init(&fresh);
    err = read_file(&r, files->pdata[0], !path);
    for (guint i = 1; i < files->len && !err; i++)
        err = read_file(&r, files->pdata[i], false);
    apply(&r, &fresh);
    if (r.n_errors) {
        if (r.n_errors > ERRORS_MAX)
            g_string_append_printf(r.errors, "\n… and %u more", r.n_errors - ERRORS_MAX);
        *ret_why = g_strdup(r.errors->str);
        gs_host_config_finish(&fresh);
        err = err ? err : -EINVAL;
    } else {
        gs_config_shares_warn(&fresh);
        *c = fresh;
    }
    g_array_unref(r.entries);
    g_string_free(r.errors, TRUE);
    g_free(r.section);
    return err;
}
