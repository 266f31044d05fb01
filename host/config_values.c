/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <gio/gio.h>
#include <inttypes.h>
#include <string.h>

#include "host/config_keys.h"

struct unit {
    const char *name;
    uint64_t factor;
};

/* The largest first; the one without a factor ends them. */
static const struct unit byte_units[] = {{"T", 1ull << 40}, {"G", 1ull << 30}, {"M", 1ull << 20},
                                         {"K", 1ull << 10}, {"", 1},           {NULL, 0}};
static const struct unit second_units[] = {{"d", 86400}, {"h", 3600}, {"m", 60},
                                           {"s", 1},     {"", 1},     {NULL, 0}};
static const struct unit milli_units[] = {{"m", 60000}, {"s", 1000}, {"ms", 1}, {NULL, 0}};
static const struct unit no_units[] = {{"", 1}, {NULL, 0}};

static const struct unit *units_of(enum gs_key_kind kind)
{
    if (kind == GS_KEY_BYTES)
        return byte_units;
    if (kind == GS_KEY_SECONDS)
        return second_units;
    return kind == GS_KEY_MILLIS ? milli_units : no_units;
}

static bool read_number(const char *text, const struct unit *units, uint64_t *ret)
{
    char *end;
    uint64_t n;

    errno = 0;
    n = g_ascii_strtoull(text, &end, 10);
    if (end == text || errno || !g_ascii_isdigit(*text))
        return false;
    while (*end == ' ')
        end++;
    if (n == 0 && !*end) {
        *ret = 0;
        return true;
    }
    for (; units->factor; units++) {
        if (g_ascii_strcasecmp(end, units->name) == 0) {
            *ret = n * units->factor;
            return n <= UINT64_MAX / units->factor;
        }
    }
    return false;
}

static char *write_number(uint64_t n, const struct unit *units)
{
    while (n && units[1].factor && n % units->factor)
        units++;
    return g_strdup_printf("%" PRIu64 "%s", n / (n ? units->factor : 1), n ? units->name : "");
}

char *gs_config_key_range(const struct gs_config_key *key)
{
    const struct unit *units = units_of(key->kind);
    g_autofree char *min = NULL, *max = NULL;

    if (key->choices)
        return g_strjoinv(", ", (char **)key->choices);
    if (key->kind == GS_KEY_BYTES && key->max == UINT64_MAX)
        return NULL;
    if (key->max == 0)
        return NULL;
    min = write_number(key->min, units);
    max = write_number(key->max, units);
    return g_strdup_printf(key->kind == GS_KEY_SIDES ? "%s to %s each" : "%s to %s", min, max);
}

static int refuse(const struct gs_config_key *key, const char *value, const char *wanted,
                  char **ret_why)
{
    g_autofree char *range = gs_config_key_range(key);

    *ret_why = g_strdup_printf("%s: “%s” is not %s%s%s", key->name, value, wanted,
                               !range         ? ""
                               : key->choices ? ": "
                                              : ", ",
                               range ? range : "");
    return -EINVAL;
}

/* ---- kinds ---- */

static int read_text(const struct gs_config_key *key, const char *value, char *out, char **ret_why)
{
    const char *colon = strrchr(value, ':');
    uint64_t port;

    if (strlen(value) >= key->size) {
        *ret_why =
            g_strdup_printf("%s: this is too long, more than %zu bytes", key->name, key->size - 1);
        return -EINVAL;
    }
    if (key->kind == GS_KEY_PATH && *value && *value != '/')
        return refuse(key, value, "a path that begins with “/”", ret_why);
    if (key->kind == GS_KEY_ADDRESS && *value && !g_hostname_is_ip_address(value))
        return refuse(key, value, "a numeric address", ret_why);
    if (key->kind == GS_KEY_ENDPOINT && *value) {
        g_autofree char *address = colon ? g_strndup(value, (gsize)(colon - value)) : NULL;
        size_t len = address ? strlen(address) : 0;

        if (len > 2 && address[0] == '[' && address[len - 1] == ']') {
            address[len - 1] = '\0';
            memmove(address, address + 1, len - 1);
        }
        if (!colon || !g_hostname_is_ip_address(address) ||
            !read_number(colon + 1, no_units, &port) || port > 65535)
            return refuse(key, value, "ADDRESS:PORT with a numeric address", ret_why);
    }
    memset(out, 0, key->size);
    memcpy(out, value, strlen(value));
    return 0;
}

static int read_uint(const struct gs_config_key *key, const char *value, void *out, char **ret_why)
{
    uint64_t n;

    if (!read_number(value, units_of(key->kind), &n) || n < key->min || n > key->max)
        return refuse(key, value,
                      key->kind == GS_KEY_BYTES     ? "a size such as 512M"
                      : key->kind == GS_KEY_SECONDS ? "a time such as 90s or 10m"
                      : key->kind == GS_KEY_MILLIS  ? "a time such as 500ms or 5s"
                                                    : "such a number",
                      ret_why);
    if (key->kind == GS_KEY_BYTES)
        *(uint64_t *)out = n;
    else if (key->kind == GS_KEY_PORT)
        *(uint16_t *)out = (uint16_t)n;
    else
        *(uint32_t *)out = (uint32_t)n;
    return 0;
}

static int read_pair(const struct gs_config_key *key, const char *value, void *out, char **ret_why)
{
    bool sides = key->kind == GS_KEY_SIDES;
    g_auto(GStrv) half = g_strsplit(value, sides ? "x" : "-", 2);
    uint64_t n[2];

    if (g_strv_length(half) != 2 || !read_number(g_strstrip(half[0]), no_units, &n[0]) ||
        !read_number(g_strstrip(half[1]), no_units, &n[1]) || n[0] < key->min || n[0] > key->max ||
        n[1] < key->min || n[1] > key->max || (!sides && n[0] > n[1]))
        return refuse(key, value, sides ? "WIDTHxHEIGHT" : "FIRST-LAST", ret_why);
    for (int i = 0; i < 2; i++) {
        if (sides)
            ((uint32_t *)out)[i] = (uint32_t)n[i];
        else
            ((uint16_t *)out)[i] = (uint16_t)n[i];
    }
    return 0;
}

static int read_choice(const struct gs_config_key *key, const char *value, void *out,
                       char **ret_why)
{
    int i = gs_name_find(key->choices, value);

    if (i < 0 && !(key->kind == GS_KEY_NAME && !*value))
        return refuse(key, value, "one of", ret_why);
    if (key->kind == GS_KEY_NAME)
        return read_text(key, value, out, ret_why);
    *(int *)out = i;
    return 0;
}

static int read_list(const struct gs_config_key *key, const char *value, char ***out,
                     char **ret_why)
{
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) list = NULL;
    GPtrArray *words;

    if (key->kind == GS_KEY_COMMAND) {
        if (*value && !g_shell_parse_argv(value, NULL, &list, &error)) {
            *ret_why = g_strdup_printf("%s: %s", key->name, error->message);
            return -EINVAL;
        }
    } else {
        g_auto(GStrv) parts = g_strsplit_set(value, " \t,", -1);

        words = g_ptr_array_new();
        for (char **p = parts; *p; p++) {
            if (**p)
                g_ptr_array_add(words, g_strdup(*p));
        }
        g_ptr_array_add(words, NULL);
        list = (char **)g_ptr_array_free(words, FALSE);
    }
    g_strfreev(*out);
    *out = g_steal_pointer(&list);
    return 0;
}

int gs_config_key_read(const struct gs_config_key *key, const char *value, void *base,
                       char **ret_why)
{
    void *at = (char *)base + key->offset;

    switch (key->kind) {
    case GS_KEY_TEXT:
    case GS_KEY_PATH:
    case GS_KEY_ADDRESS:
    case GS_KEY_ENDPOINT:
        return read_text(key, value, at, ret_why);
    case GS_KEY_NAME:
    case GS_KEY_CHOICE:
        return read_choice(key, value, at, ret_why);
    case GS_KEY_PORTS:
    case GS_KEY_SIDES:
        return read_pair(key, value, at, ret_why);
    case GS_KEY_WORDS:
    case GS_KEY_COMMAND:
        return read_list(key, value, at, ret_why);
    case GS_KEY_NUMBER:
    case GS_KEY_PORT:
    case GS_KEY_BYTES:
    case GS_KEY_SECONDS:
    case GS_KEY_MILLIS:
        break;
    }
    return read_uint(key, value, at, ret_why);
}

static char *write_list(const struct gs_config_key *key, char *const *list)
{
    GString *out = g_string_new(NULL);

    for (; list && *list; list++) {
        g_autofree char *quoted =
            key->kind == GS_KEY_COMMAND &&
                    !g_regex_match_simple("^[A-Za-z0-9_./:=@%+,-]+$", *list, 0, 0)
                ? g_shell_quote(*list)
                : g_strdup(*list);

        g_string_append_printf(out, "%s%s", out->len ? " " : "", quoted);
    }
    return g_string_free(out, FALSE);
}

char *gs_config_key_write(const struct gs_config_key *key, const void *base)
{
    const void *at = (const char *)base + key->offset;

    switch (key->kind) {
    case GS_KEY_TEXT:
    case GS_KEY_PATH:
    case GS_KEY_ADDRESS:
    case GS_KEY_ENDPOINT:
    case GS_KEY_NAME:
        return g_strdup(at);
    case GS_KEY_CHOICE:
        return g_strdup(key->choices[*(const int *)at]);
    case GS_KEY_PORTS:
        return g_strdup_printf("%u-%u", ((const uint16_t *)at)[0], ((const uint16_t *)at)[1]);
    case GS_KEY_SIDES:
        return g_strdup_printf("%ux%u", ((const uint32_t *)at)[0], ((const uint32_t *)at)[1]);
    case GS_KEY_WORDS:
    case GS_KEY_COMMAND:
        return write_list(key, *(char *const *const *)at);
    case GS_KEY_PORT:
        return write_number(*(const uint16_t *)at, no_units);
    case GS_KEY_BYTES:
        return write_number(*(const uint64_t *)at, byte_units);
    case GS_KEY_NUMBER:
    case GS_KEY_SECONDS:
    case GS_KEY_MILLIS:
        break;
    }
    return write_number(*(const uint32_t *)at, units_of(key->kind));
}

/* ---- names ---- */

const struct gs_config_key *gs_config_key_find(const struct gs_config_key *keys,
                                               const char *section, const char *name)
{
    for (; keys->name; keys++) {
        if (strcmp(keys->section, section) == 0 && strcmp(keys->name, name) == 0)
            return keys;
    }
    return NULL;
}

/* Levenshtein's distance, of short names. */
static unsigned distance(const char *a, const char *b)
{
    unsigned row[65];
    size_t n = strlen(b);

    if (n > 64 || strlen(a) > 64)
        return UINT32_MAX;
    for (unsigned j = 0; j <= n; j++)
        row[j] = j;
    for (unsigned i = 1; *a; a++, i++) {
        unsigned diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            unsigned above = row[j];
            unsigned best = diagonal + (*a != b[j - 1]);

            best = MIN(best, above + 1);
            row[j] = MIN(best, row[j - 1] + 1);
            diagonal = above;
        }
    }
    return row[n];
}

const char *gs_config_key_guess(const struct gs_config_key *keys, const char *section,
                                const char *name)
{
    const char *best = NULL;
    unsigned least = 3;

    for (; keys->name; keys++) {
        unsigned d = strcmp(keys->section, section) == 0 ? distance(name, keys->name) : UINT32_MAX;

        if (d < least) {
            least = d;
            best = keys->name;
        }
    }
    return best;
}
