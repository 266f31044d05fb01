/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/control_request.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

#define TTL_MAX ((json_int_t)366 * 86400)
#define NAME_CHARS "abcdefghijklmnopqrstuvwxyz0123456789-"

/* The first complaint is kept. */
GS_PRINTF(2, 3) static void complain(char **why, const char *fmt, ...)
{
    va_list args;

    if (*why)
        return;
    va_start(args, fmt);
    *why = g_strdup_vprintf(fmt, args);
    va_end(args);
}

/* ---- the whole ---- */

/* jansson allows 2048 levels; so deep nobody has to look. Brackets in strings do not count. */
static bool too_deep(const char *body, size_t size)
{
    unsigned depth = 0;
    bool string = false;

    for (size_t i = 0; i < size; i++) {
        if (string && body[i] == '\\')
            i++;
        else if (body[i] == '"')
            string = !string;
        else if (!string && (body[i] == '{' || body[i] == '['))
            depth++;
        else if (!string && (body[i] == '}' || body[i] == ']') && depth > 0)
            depth--;
        if (depth > GS_CONTROL_DEPTH)
            return true;
    }
    return false;
}

int gs_control_body_parse(const char *body, size_t size, json_t **ret, char **ret_why)
{
    json_error_t error;
    json_t *root;

    if (too_deep(body, size)) {
        *ret_why = g_strdup_printf("the JSON is nested deeper than %d levels", GS_CONTROL_DEPTH);
        return -EINVAL;
    }
    root = json_loadb(body ? body : "", size, JSON_REJECT_DUPLICATES, &error);
    if (json_is_object(root)) {
        *ret = root;
        return 0;
    }
    if (root)
        *ret_why = g_strdup("the body of the request must be a JSON object");
    else
        *ret_why = g_strdup_printf("the body is no JSON: line %d, column %d: %s", error.line,
                                   error.column, error.text);
    json_decref(root);
    return -EINVAL;
}

/* ---- members ---- */

static void check_keys(const json_t *object, const char *const *known, const char *where,
                       char **why)
{
    g_autofree char *all = g_strjoinv(", ", (char **)known);
    const char *key;
    json_t *value;

    json_object_foreach ((json_t *)object, key, value) {
        if (!g_strv_contains(known, key))
            complain(why, "there is no key '%s'%s; there are: %s", key, where, all);
    }
}

static bool printable(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return false;
    }
    return true;
}

static void get_text(const json_t *object, const char *key, char *out, size_t size, char **why)
{
    const json_t *v = json_object_get(object, key);
    const char *text = json_string_value(v);

    if (!v)
        return;
    if (!text || !printable(text) || json_string_length(v) >= size)
        complain(why, "'%s' must be a text of at most %zu bytes, without control characters", key,
                 size - 1);
    else
        g_strlcpy(out, text, size);
}

static void get_strings(const json_t *object, const char *key, char ***out, char **why)
{
    const json_t *list = json_object_get(object, key);
    g_autoptr(GPtrArray) strings = g_ptr_array_new_with_free_func(g_free);

    if (list && (!json_is_array(list) || json_array_size(list) > GS_CONTROL_ARGS))
        complain(why, "'%s' must be a list of at most %d texts", key, GS_CONTROL_ARGS);
    for (size_t i = 0; !*why && i < json_array_size(list); i++) {
        const char *text = json_string_value(json_array_get(list, i));

        if (text)
            g_ptr_array_add(strings, g_strdup(text));
        else
            complain(why, "'%s' must be a list of texts", key);
    }
    g_ptr_array_add(strings, NULL);
    *out = (char **)g_ptr_array_free(g_steal_pointer(&strings), FALSE);
}

static bool env_name(const char *name)
{
    return name[0] && !g_ascii_isdigit(name[0]) &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") ==
               strlen(name);
}

static void get_env(const json_t *body, char ***out, char **why)
{
    json_t *env = json_object_get(body, "env"), *value;
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);
    const char *name;

    if (env && !json_is_object(env))
        complain(why, "'env' must be an object of names and texts");
    json_object_foreach (env, name, value) {
        if (!env_name(name) || !json_is_string(value))
            complain(why, "'env': '%s' must be the name of a variable, and its value a text", name);
        else
            g_ptr_array_add(list, g_strdup_printf("%s=%s", name, json_string_value(value)));
    }
    g_ptr_array_add(list, NULL);
    *out = (char **)g_ptr_array_free(g_steal_pointer(&list), FALSE);
}

/* NULL: this can't be the value of a setting. */
static char *setting_text(const json_t *value)
{
    if (json_is_string(value) && printable(json_string_value(value)))
        return g_strdup(json_string_value(value));
    if (json_is_integer(value))
        return g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
    return NULL;
}

/* Which keys there are and what they take is known to the configuration. */
static void get_settings(const json_t *body, char ***out, char **why)
{
    json_t *settings = json_object_get(body, "settings"), *value;
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);
    const char *key;

    if (settings && !json_is_object(settings))
        complain(why, "'settings' must be an object");
    json_object_foreach (settings, key, value) {
        g_autofree char *text = setting_text(value);

        if (!key[0] || strspn(key, NAME_CHARS) != strlen(key))
            complain(why, "'settings': '%s' is no key", key);
        else if (!text)
            complain(why, "'settings': '%s' must be a text or a whole number", key);
        else
            g_ptr_array_add(list, g_strdup_printf("%s=%s", key, text));
    }
    g_ptr_array_add(list, NULL);
    *out = (char **)g_ptr_array_free(g_steal_pointer(&list), FALSE);
}

/* ---- requests ---- */

static void get_ticket(const json_t *object, const char *where, struct gs_ticket_request *ret,
                       char **why)
{
    static const char *const keys[] = {"uses", "ttl_s", "view", NULL};
    const json_t *uses = json_object_get(object, "uses");
    const json_t *ttl = json_object_get(object, "ttl_s");
    const json_t *view = json_object_get(object, "view");

    *ret = (struct gs_ticket_request){.ttl_s = -1, .view = json_is_true(view)};
    check_keys(object, keys, where, why);
    if (uses && (!json_is_integer(uses) || json_integer_value(uses) < 0 ||
                 json_integer_value(uses) > INT32_MAX))
        complain(why, "'uses' must be a number from 0 (any number of times) to %d", INT32_MAX);
    if (ttl &&
        (!json_is_integer(ttl) || json_integer_value(ttl) < 0 || json_integer_value(ttl) > TTL_MAX))
        complain(why, "'ttl_s' must be seconds from 0 (until the session ends) to %d",
                 (int)TTL_MAX);
    if (view && !json_is_boolean(view))
        complain(why, "'view' must be true or false");
    ret->uses = (uint32_t)json_integer_value(uses);
    if (ttl)
        ret->ttl_s = json_integer_value(ttl);
}

int gs_control_ticket_parse(const json_t *body, struct gs_ticket_request *ret, char **ret_why)
{
    char *why = NULL;

    get_ticket(body, "", ret, &why);
    *ret_why = why;
    return why ? -EINVAL : 0;
}

static void get_create_ticket(const json_t *body, struct gs_control_create *c, char **why)
{
    const json_t *ticket = json_object_get(body, "ticket");

    if (ticket && !json_is_object(ticket))
        complain(why, "'ticket' must be an object, such as {}");
    c->wants_ticket = ticket != NULL;
    if (ticket)
        get_ticket(ticket, " in 'ticket'", &c->ticket, why);
}

static void check_create(const struct gs_session_request *r, char **why)
{
    if (r->name[0] && !gs_session_name_valid(r->name))
        complain(why,
                 "the session name '%s' is not possible: a name has up to 63 of A-Z a-z 0-9 - _ . "
                 "and begins with a letter or digit",
                 r->name);
    if (!r->app[0] && (!r->argv || !r->argv[0] || !r->argv[0][0]))
        complain(why, "nothing is said to run: give 'app', the name of a published application, or "
                      "'argv', a program and its arguments");
}

int gs_control_create_parse(const json_t *body, struct gs_control_create *ret, char **ret_why)
{
    static const char *const keys[] = {"name",     "app",    "user",  "argv", "env",
                                       "settings", "ticket", "queue", NULL};
    const json_t *queue = json_object_get(body, "queue");
    struct gs_control_create c = {0};
    char *why = NULL;

    check_keys(body, keys, "", &why);
    get_text(body, "name", c.session.name, sizeof(c.session.name), &why);
    get_text(body, "app", c.session.app, sizeof(c.session.app), &why);
    get_text(body, "user", c.session.user, sizeof(c.session.user), &why);
    get_strings(body, "argv", &c.session.argv, &why);
    get_env(body, &c.session.env, &why);
    get_settings(body, &c.session.settings, &why);
    get_create_ticket(body, &c, &why);
    if (queue && !json_is_boolean(queue))
        complain(&why, "'queue' must be true or false");
    c.session.queue = json_is_true(queue);
    check_create(&c.session, &why);
    if (why) {
        gs_control_create_finish(&c);
        *ret_why = why;
        return -EINVAL;
    }
    *ret = c;
    return 0;
}

void gs_control_create_finish(struct gs_control_create *create)
{
    g_clear_pointer(&create->session.argv, g_strfreev);
    g_clear_pointer(&create->session.env, g_strfreev);
    g_clear_pointer(&create->session.settings, g_strfreev);
}

int gs_control_set_parse(const json_t *body, char ***ret, char **ret_why)
{
    static const char *const keys[] = {"settings", NULL};
    char *why = NULL, **settings = NULL;

    check_keys(body, keys, "", &why);
    get_settings(body, &settings, &why);
    if (!settings[0])
        complain(&why, "nothing is said to be set: give 'settings', such as {\"fps\": 30}");
    if (why) {
        g_strfreev(settings);
        *ret_why = why;
        return -EINVAL;
    }
    *ret = settings;
    return 0;
}
