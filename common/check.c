/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/check.h"

#include <errno.h>
#include <glib.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const status_names[] = {
    [GS_CHECK_OK] = "ok",
    [GS_CHECK_INFO] = "info",
    [GS_CHECK_WARN] = "warn",
    [GS_CHECK_FAIL] = "fail",
};

const char *gs_check_status_name(enum gs_check_status status)
{
    return status_names[status];
}

/* Drivers name themselves as they like. */
static json_t *text(const char *s)
{
    g_autofree char *valid = g_utf8_make_valid(s, -1);

    g_strdelimit(valid, "\n\r\t", ' ');
    return json_string(valid);
}

char *gs_check_to_json(const struct gs_check *c)
{
    json_t *o = json_pack("{so so ss so}", "id", text(c->id), "title", text(c->title), "status",
                          status_names[c->status], "detail", text(c->detail));
    char *line;

    if (c->remedy[0])
        json_object_set_new(o, "remedy", text(c->remedy));
    if (c->value[0])
        json_object_set_new(o, "value", text(c->value));
    line = json_dumps(o, JSON_COMPACT);
    json_decref(o);
    return line;
}

/* Cuts between two characters. */
static bool take(const json_t *o, const char *key, bool needed, char *out, size_t size)
{
    const char *s = json_string_value(json_object_get(o, key));
    size_t n;

    out[0] = '\0';
    if (!s)
        return !needed;
    n = strlen(s);
    if (n >= size)
        for (n = size - 1; n > 0 && ((unsigned char)s[n] & 0xc0) == 0x80; n--)
            continue;
    memcpy(out, s, n);
    out[n] = '\0';
    for (char *p = out; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            *p = ' ';
    return true;
}

static bool take_status(const json_t *o, enum gs_check_status *ret)
{
    const char *name = json_string_value(json_object_get(o, "status"));

    for (size_t i = 0; name && i < GS_ARRAY_SIZE(status_names); i++) {
        if (strcmp(name, status_names[i]) == 0) {
            *ret = (enum gs_check_status)i;
            return true;
        }
    }
    return false;
}

int gs_check_from_json(const char *json, size_t size, struct gs_check *ret)
{
    json_t *o = json_loadb(json, size, JSON_REJECT_DUPLICATES, NULL);
    struct gs_check c = {0};
    bool ok = json_is_object(o) && take(o, "id", true, c.id, sizeof(c.id)) && c.id[0] &&
              take(o, "title", true, c.title, sizeof(c.title)) && take_status(o, &c.status) &&
              take(o, "detail", true, c.detail, sizeof(c.detail)) &&
              take(o, "remedy", false, c.remedy, sizeof(c.remedy)) &&
              take(o, "value", false, c.value, sizeof(c.value));

    json_decref(o);
    if (!ok)
        return -EBADMSG;
    *ret = c;
    return 0;
}

void gs_check_set(struct gs_check *c, const char *id, const char *title,
                  enum gs_check_status status, const char *fmt, ...)
{
    va_list args;

    *c = (struct gs_check){.status = status};
    g_strlcpy(c->id, id, sizeof(c->id));
    g_strlcpy(c->title, title, sizeof(c->title));
    va_start(args, fmt);
    g_vsnprintf(c->detail, sizeof(c->detail), fmt, args);
    va_end(args);
}

void gs_check_set_remedy(struct gs_check *c, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    g_vsnprintf(c->remedy, sizeof(c->remedy), fmt, args);
    va_end(args);
}

void gs_check_say(const struct gs_check *c)
{
    char *json = gs_check_to_json(c);
    g_autofree char *line = g_strconcat(json, "\n", NULL);
    size_t length = strlen(line), done = 0;

    free(json);
    while (done < length) {
        ssize_t n = write(STDOUT_FILENO, line + done, length - done);

        if (n < 0 && errno != EINTR)
            return;
        done += n > 0 ? (size_t)n : 0;
    }
}
