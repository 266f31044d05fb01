/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/control_path.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

/* NULL: this is no text that a name or a value may be. */
static char *decode(const char *text, size_t size)
{
    g_autofree char *raw = g_uri_unescape_segment(text, text + size, NULL);

    if (!raw || !g_utf8_validate(raw, -1, NULL))
        return NULL;
    for (const char *p = raw; *p; p++) {
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            return NULL;
    }
    return g_steal_pointer(&raw);
}

/* ---- paths ---- */

int gs_control_path_parse(const char *path, struct gs_control_path *ret, char **ret_why)
{
    g_auto(GStrv) raw = path[0] == '/' ? g_strsplit(path + 1, "/", GS_PATH_SEGMENTS + 1) : NULL;
    struct gs_control_path p = {0};
    int err = 0;

    if (!raw || g_strv_length(raw) > GS_PATH_SEGMENTS)
        return -ENOENT;
    for (unsigned i = 0; raw[i] && !err; i++) {
        p.segments[i] = decode(raw[i], strlen(raw[i]));
        if (!p.segments[i])
            err = -EINVAL;
    }
    if (err) {
        *ret_why = g_strdup("the path has bytes that no name has");
        gs_control_path_finish(&p);
        return err;
    }
    *ret = p;
    return 0;
}

void gs_control_path_finish(struct gs_control_path *path)
{
    for (char **segment = path->segments; *segment; segment++)
        g_clear_pointer(segment, g_free);
}

bool gs_control_path_match(const struct gs_control_path *path, const char *pattern,
                           const char *params[GS_PATH_SEGMENTS])
{
    g_auto(GStrv) parts = g_strsplit(pattern + 1, "/", -1);
    unsigned n = 0;

    memset(params, 0, GS_PATH_SEGMENTS * sizeof(params[0]));
    for (unsigned i = 0; i <= GS_PATH_SEGMENTS; i++) {
        if (!path->segments[i] || !parts[i])
            return !path->segments[i] && !parts[i];
        if (parts[i][0] == '{')
            params[n++] = path->segments[i];
        else if (strcmp(parts[i], path->segments[i]) != 0)
            return false;
    }
    return false;
}

/* ---- parameters ---- */

static char *decode_value(const char *text, size_t size)
{
    g_autofree char *blanks = g_strndup(text, size);

    g_strdelimit(blanks, "+", ' ');
    return decode(blanks, size);
}

static int add_pair(struct gs_control_query *q, const char *pair, char **ret_why)
{
    const char *equals = strchr(pair, '=');
    size_t size = equals ? (size_t)(equals - pair) : strlen(pair);
    char *key = decode_value(pair, size);
    char *value = equals ? decode_value(equals + 1, strlen(equals + 1)) : g_strdup("");

    if (key && value && !gs_control_query_get(q, key) && q->n < GS_QUERY_PAIRS) {
        q->pairs[q->n].key = key;
        q->pairs[q->n++].value = value;
        return 0;
    }
    if (!key || !value)
        *ret_why = g_strdup("the parameters after the path have bytes that are no text");
    else if (q->n == GS_QUERY_PAIRS)
        *ret_why = g_strdup("there are too many parameters after the path");
    else
        *ret_why = g_strdup_printf("the parameter '%s' is there twice", key);
    g_free(key);
    g_free(value);
    return -EINVAL;
}

int gs_control_query_parse(const char *query, struct gs_control_query *ret, char **ret_why)
{
    g_auto(GStrv) pairs = g_strsplit(query ? query : "", "&", -1);
    struct gs_control_query q = {0};

    for (char **pair = pairs; *pair; pair++) {
        if (**pair && add_pair(&q, *pair, ret_why) < 0) {
            gs_control_query_finish(&q);
            return -EINVAL;
        }
    }
    *ret = q;
    return 0;
}

void gs_control_query_finish(struct gs_control_query *query)
{
    for (unsigned i = 0; i < query->n; i++) {
        g_free(query->pairs[i].key);
        g_free(query->pairs[i].value);
    }
    query->n = 0;
}

const char *gs_control_query_get(const struct gs_control_query *query, const char *key)
{
    for (unsigned i = 0; i < query->n; i++) {
        if (strcmp(query->pairs[i].key, key) == 0)
            return query->pairs[i].value;
    }
    return NULL;
}

const char *gs_control_query_unknown(const struct gs_control_query *query, const char *const *known)
{
    for (unsigned i = 0; i < query->n; i++) {
        if (!known || !g_strv_contains(known, query->pairs[i].key))
            return query->pairs[i].key;
    }
    return NULL;
}
