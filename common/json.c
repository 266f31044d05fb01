/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/json.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

#include "common/proto.h"

#define STRINGS_LIMIT 4096

/* ---- writing ---- */

json_t *gs_json_text_new(const char *field)
{
    g_autofree char *valid = g_utf8_make_valid(field, -1);

    for (char *p = valid; *p; p++) {
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            *p = ' ';
    }
    return json_string(valid);
}

json_t *gs_json_base64_new(const uint8_t *data, size_t size)
{
    g_autofree char *encoded = g_base64_encode(data, size);

    return json_string(encoded);
}

json_t *gs_json_strings_new(char *const *list)
{
    json_t *array = json_array();

    for (; list && *list; list++) {
        if (json_array_append_new(array, json_string(*list)) < 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

char *gs_json_dump(json_t *o)
{
    char *out = o ? json_dumps(o, JSON_COMPACT) : NULL;

    if (!out)
        g_error("no memory for a message");
    json_decref(o);
    return out;
}

/* ---- reading ---- */

struct gs_json_in gs_json_open(const char *json, size_t size)
{
    struct gs_json_in in = {.root = json_loadb(json, size, JSON_REJECT_DUPLICATES, NULL)};

    in.bad = !json_is_object(in.root);
    return in;
}

struct gs_json_in gs_json_enter(const struct gs_json_in *in, const char *key)
{
    struct gs_json_in inner = {.root = json_object_get(in->root, key)};

    inner.bad = !json_is_object(inner.root);
    return inner;
}

void gs_json_leave(struct gs_json_in *in, const struct gs_json_in *inner)
{
    in->bad |= inner->bad;
}

int gs_json_close(struct gs_json_in *in)
{
    json_decref(in->root);
    return in->bad ? -EBADMSG : 0;
}

bool gs_json_version_is_ours(struct gs_json_in *in)
{
    json_t *v = json_object_get(in->root, "v");

    if (!json_is_integer(v))
        in->bad = true;
    return in->bad || json_integer_value(v) == GS_PROTO_VERSION;
}

json_int_t gs_json_int(struct gs_json_in *in, const char *key, json_int_t min, json_int_t max)
{
    json_t *v = json_object_get(in->root, key);

    if (!json_is_integer(v) || json_integer_value(v) < min || json_integer_value(v) > max) {
        in->bad = true;
        return min;
    }
    return json_integer_value(v);
}

bool gs_json_bool(struct gs_json_in *in, const char *key)
{
    json_t *v = json_object_get(in->root, key);

    if (!json_is_boolean(v))
        in->bad = true;
    return json_is_true(v);
}

bool gs_json_has(const struct gs_json_in *in, const char *key)
{
    return json_object_get(in->root, key) != NULL;
}

static bool printable(const char *s)
{
    for (; *s; s++) {
        if ((unsigned char)*s < ' ' || *s == 0x7f)
            return false;
    }
    return true;
}

void gs_json_text(struct gs_json_in *in, const char *key, char *out, size_t size)
{
    json_t *v = json_object_get(in->root, key);
    const char *s = json_string_value(v);

    if (!s || json_string_length(v) >= size || !printable(s)) {
        in->bad = true;
        return;
    }
    memcpy(out, s, json_string_length(v) + 1);
}

void gs_json_text_cut(struct gs_json_in *in, const char *key, char *out, size_t size)
{
    const char *s = json_string_value(json_object_get(in->root, key));
    size_t len;

    if (!s || !printable(s)) {
        in->bad = true;
        return;
    }
    len = strlen(s);
    if (len >= size) {
        len = size - 1;
        while (len > 0 && ((unsigned char)s[len] & 0xc0) == 0x80)
            len--;
    }
    memcpy(out, s, len);
    out[len] = '\0';
}

char **gs_json_strings(struct gs_json_in *in, const char *key)
{
    json_t *list = json_object_get(in->root, key);
    g_autoptr(GPtrArray) strings = g_ptr_array_new_with_free_func(g_free);

    if (!json_is_array(list) || json_array_size(list) > STRINGS_LIMIT)
        in->bad = true;
    for (size_t i = 0; !in->bad && i < json_array_size(list); i++) {
        const char *string = json_string_value(json_array_get(list, i));

        if (string)
            g_ptr_array_add(strings, g_strdup(string));
        else
            in->bad = true;
    }
    g_ptr_array_add(strings, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&strings), FALSE);
}
