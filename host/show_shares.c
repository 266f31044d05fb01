/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/show_shares.h"

#include <glib.h>
#include <string.h>

#include "common/macros.h"
#include "host/api.h"
#include "host/table.h"

#define RENDER_NODES "/dev/dri/"

GS_PRINTF(3, 4) static void line(FILE *out, const char *key, const char *fmt, ...)
{
    va_list args;

    fprintf(out, "%-16s ", key);
    va_start(args, fmt);
    vfprintf(out, fmt, args);
    va_end(args);
    fputc('\n', out);
}

static double percent(const json_t *object, const char *key)
{
    return (double)gs_api_number(object, key) / 10;
}

static bool is(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

/* ---- parts ---- */

char *gs_show_misses(const json_t *scheduler, const char *name)
{
    json_int_t all = gs_api_number(scheduler, "misses"), rest = all;
    GString *text = g_string_new(NULL);
    const json_t *culprit;
    size_t i;

    g_string_printf(text, "%" JSON_INTEGER_FORMAT " frame%s", all, all == 1 ? "" : "s");
    json_array_foreach (json_object_get(scheduler, "culprits"), i, culprit) {
        const char *who = gs_api_text(culprit, "session");
        json_int_t n = gs_api_number(culprit, "misses");

        g_string_append_printf(text, "%s %" JSON_INTEGER_FORMAT " ", i ? "," : ":", n);
        if (strcmp(who, name) == 0)
            g_string_append(text, "its own");
        else
            g_string_append_printf(text, "by %s", *who ? who : "somebody else's session");
        rest -= n;
    }
    if (rest > 0 && rest < all)
        g_string_append_printf(text, ", %" JSON_INTEGER_FORMAT " by others", rest);
    return g_string_free(text, FALSE);
}

static void show_floor(const json_t *session, const json_t *s, FILE *out)
{
    json_int_t wished = gs_api_number(json_object_get(session, "settings"), "floor");
    json_int_t kept = gs_api_number(s, "floor");

    if (!wished || !kept) /* it did not draw yet */
        return;
    line(out, "floor kept", "%" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT " frames/s%s", kept,
         wished, kept < wished ? ": more is promised than the GPU can do now" : "");
}

static void show_waits(const json_t *s, FILE *out)
{
    json_int_t frames = gs_api_number(s, "frames"), waits = gs_api_number(s, "waits");

    if (frames == 0)
        return;
    if (waits == 0)
        line(out, "waits", "none of %" JSON_INTEGER_FORMAT " frames", frames);
    else
        line(out, "waits",
             "%" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT " frames, %.1f ms each", waits,
             frames, (double)gs_api_number(s, "waited_us") / 1000 / (double)waits);
}

static void show_use(const json_t *s, FILE *out)
{
    const char *meter = gs_api_text(s, "meter");

    line(out, "GPU", "%s, %" JSON_INTEGER_FORMAT " ms/s now, %.1f s in all, measured by %s",
         gs_api_text(s, "device"), gs_api_number(s, "ms_per_s"),
         (double)gs_api_number(s, "used_us") / 1000000,
         *meter ? meter : "nobody: the system does not say");
    if (gs_api_number(s, "cost_us"))
        line(out, "a frame costs", "%.1f ms, at most %.1f ms in nine of ten",
             (double)gs_api_number(s, "cost_us") / 1000,
             (double)gs_api_number(s, "cost_p90_us") / 1000);
    line(out, "share", "asked for %.1f %%, got %.1f %%, entitled to %.1f %%",
         percent(s, "asked_permille"), percent(s, "got_permille"), percent(s, "entitled_permille"));
}

static void show_trouble(const json_t *s, FILE *out)
{
    if (is(s, "policed"))
        line(out, "policed", "yes: it used more than its share without asking, and runs by turns");
    if (!is(s, "connected"))
        line(out, "asks", "no: its worker is not connected to the scheduler");
    if (gs_api_number(s, "liberties"))
        line(out, "without asking", "%" JSON_INTEGER_FORMAT " frames",
             gs_api_number(s, "liberties"));
    if (gs_api_number(s, "floods") || gs_api_number(s, "nonsense"))
        line(out, "its worker",
             "called too often for %" JSON_INTEGER_FORMAT " ms, said nonsense %" JSON_INTEGER_FORMAT
             " times",
             gs_api_number(s, "floods"), gs_api_number(s, "nonsense"));
}

static void show_queue(const json_t *queue, FILE *out)
{
    g_autofree char *waited = gs_text_duration((uint64_t)gs_api_number(queue, "waited_s"));

    line(out, "queue", "place %" JSON_INTEGER_FORMAT ", for %s", gs_api_number(queue, "place"),
         waited);
    line(out, "waits for", "%s", gs_api_text(queue, "why"));
}

/* ---- all ---- */

void gs_show_shares(const json_t *session, FILE *out)
{
    const json_t *s = json_object_get(session, "scheduler");
    const json_t *queue = json_object_get(session, "queue");
    const char *share = gs_api_text(session, "share");
    g_autofree char *misses = NULL;

    if (json_is_object(queue))
        show_queue(queue, out);
    if (*share)
        line(out, "shares with", "all sessions of %s", share);
    if (!json_is_object(s))
        return;
    show_use(s, out);
    show_floor(session, s, out);
    show_waits(s, out);
    misses = gs_show_misses(s, gs_api_text(session, "name"));
    line(out, "missed", "%s", misses);
    show_trouble(s, out);
}

char *gs_show_devices(const json_t *devices)
{
    GString *text = g_string_new(NULL);
    const json_t *d;
    size_t i;

    json_array_foreach (devices, i, d) {
        const char *name = gs_api_text(d, "device");

        /* Nothing of theirs is here where there are GPUs. */
        if (json_array_size(devices) > 1 && gs_api_number(d, "sessions") == 0 &&
            strcmp(name, "software") == 0)
            continue;
        if (g_str_has_prefix(name, RENDER_NODES))
            name += strlen(RENDER_NODES);
        g_string_append_printf(text, "%s%s %.0f %% used, %.0f %% promised", text->len ? "; " : "",
                               name, percent(d, "used_permille"), percent(d, "promised_permille"));
    }
    return g_string_free(text, FALSE);
}
