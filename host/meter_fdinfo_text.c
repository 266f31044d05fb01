/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/meter_fdinfo_text.h"

#include <string.h>

#include "common/macros.h"

#define CAPACITY_MOST 1024

struct piece {
    const char *at;
    size_t size;
};

static const char *const counted[] = {
    "render",  "compute", "rcs", "ccs", "gfx", "fragment", "vertex-tiler", "compute-only",
    "panthor", "gpu",     "bin", "csd", "gp",  "pp",       "3D",           NULL,
};

static bool equals(struct piece p, const char *text)
{
    return p.size == strlen(text) && memcmp(p.at, text, p.size) == 0;
}

static bool copy(struct piece p, char ret[GS_FDINFO_NAME_SIZE])
{
    if (p.size == 0 || p.size >= GS_FDINFO_NAME_SIZE || memchr(p.at, '\0', p.size))
        return false;
    memcpy(ret, p.at, p.size);
    ret[p.size] = '\0';
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct piece trim(struct piece p)
{
    while (p.size > 0 && is_blank(*p.at)) {
        p.at++;
        p.size--;
    }
    while (p.size > 0 && is_blank(p.at[p.size - 1]))
        p.size--;
    return p;
}

/* A whole number with `unit` behind it. */
static bool number(struct piece p, const char *unit, uint64_t *ret)
{
    uint64_t n = 0;
    size_t i = 0;

    for (; i < p.size && p.at[i] >= '0' && p.at[i] <= '9'; i++) {
        unsigned digit = (unsigned)(p.at[i] - '0');

        if (n > (UINT64_MAX - digit) / 10)
            return false;
        n = n * 10 + digit;
    }
    if (i == 0 || !equals(trim((struct piece){p.at + i, p.size - i}), unit))
        return false;
    *ret = n;
    return true;
}

/* What comes behind `prefix`. */
static bool after(struct piece key, const char *prefix, struct piece *ret)
{
    size_t size = strlen(prefix);

    if (key.size <= size || memcmp(key.at, prefix, size) != 0)
        return false;
    *ret = (struct piece){key.at + size, key.size - size};
    return true;
}

/* etnaviv calls one that does several things "2D/3D". */
static bool is_counted(struct piece name)
{
    size_t from = 0;

    for (size_t i = 0; i <= name.size; i++) {
        if (i < name.size && name.at[i] != '/')
            continue;
        for (const char *const *c = counted; *c; c++) {
            if (equals((struct piece){name.at + from, i - from}, *c))
                return true;
        }
        from = i + 1;
    }
    return false;
}

/* NULL: not one that is counted, or too many. */
static struct gs_fdinfo_engine *engine_of(struct gs_fdinfo *f, struct piece name)
{
    struct gs_fdinfo_engine *e;

    for (unsigned i = 0; i < f->n_engines; i++) {
        if (equals(name, f->engines[i].name))
            return &f->engines[i];
    }
    if (!is_counted(name) || f->n_engines == GS_FDINFO_ENGINES_MOST)
        return NULL;
    e = &f->engines[f->n_engines];
    *e = (struct gs_fdinfo_engine){.capacity = 1};
    if (!copy(name, e->name))
        return NULL;
    f->n_engines++;
    return e;
}

/* Longer names first: "drm-engine-capacity-" begins as "drm-engine-" does. */
static void take_engine(struct gs_fdinfo *f, struct piece key, struct piece value)
{
    struct gs_fdinfo_engine *e;
    struct piece name;
    uint64_t n;

    if (after(key, "drm-engine-capacity-", &name)) {
        e = number(value, "", &n) && n > 0 && n <= CAPACITY_MOST ? engine_of(f, name) : NULL;
        if (e)
            e->capacity = (uint32_t)n;
    } else if (after(key, "drm-engine-", &name)) {
        e = number(value, "ns", &n) ? engine_of(f, name) : NULL;
        if (e) {
            e->has_time = true;
            e->busy_ns = n;
        }
    } else if (after(key, "drm-total-cycles-", &name)) {
        e = number(value, "", &n) ? engine_of(f, name) : NULL;
        if (e)
            e->total_cycles = n;
    } else if (after(key, "drm-cycles-", &name)) {
        e = number(value, "", &n) ? engine_of(f, name) : NULL;
        if (e) {
            e->has_cycles = true;
            e->cycles = n;
        }
    }
}

static void take_line(struct gs_fdinfo *f, struct piece line)
{
    const char *colon = memchr(line.at, ':', line.size);
    struct piece key, value;

    if (!colon)
        return;
    key = trim((struct piece){line.at, (size_t)(colon - line.at)});
    value = trim((struct piece){colon + 1, line.size - (size_t)(colon + 1 - line.at)});
    if (equals(key, "drm-driver"))
        copy(value, f->driver);
    else if (equals(key, "drm-pdev"))
        copy(value, f->device);
    else if (equals(key, "drm-client-id"))
        f->has_client |= number(value, "", &f->client);
    else
        take_engine(f, key, value);
}

bool gs_fdinfo_parse(const char *text, size_t size, struct gs_fdinfo *ret)
{
    *ret = (struct gs_fdinfo){.n_engines = 0};
    while (size > 0) {
        const char *end = memchr(text, '\n', size);
        size_t length = end ? (size_t)(end - text) : size;

        take_line(ret, (struct piece){text, length});
        text += GS_MIN(length + 1, size);
        size -= GS_MIN(length + 1, size);
    }
    return ret->driver[0] && ret->has_client;
}
