/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/report.h"

#include <glib.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define VERSION 1 /* of the JSON; keys are added to it, never changed */
#define STATUS_WIDTH 6
#define TITLE_WIDTH 20
#define TEXT_COLUMN (2 + STATUS_WIDTH + TITLE_WIDTH)
#define WIDTH_MIN 60

struct gs_report {
    bool json;
    bool colour, progress_shown;
    unsigned width; /* of the terminal; 0: lines are not broken */
    GArray *checks;
    char section[32];
};

static const struct {
    const char *part, *heading;
} sections[] = {
    {"program", "Programs"},    {"system", "System"},   {"network", "Network"},
    {"scheduler", "Scheduler"}, {"gpu", "GPU"},         {"converter", "Video"},
    {"encoder", "Video"},       {"desktop", "Desktop"}, {"decoder", "Client"},
};

struct gs_report *gs_report_create(bool json)
{
    struct gs_report *r = g_new0(struct gs_report, 1);
    const char *no_color = g_getenv("NO_COLOR"), *term = g_getenv("TERM");
    struct winsize size;

    r->json = json;
    r->checks = g_array_new(FALSE, TRUE, sizeof(struct gs_check));
    if (json || !isatty(STDOUT_FILENO))
        return r;
    r->colour = !(no_color && no_color[0]) && g_strcmp0(term, "dumb") != 0;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= WIDTH_MIN)
        r->width = size.ws_col;
    return r;
}

void gs_report_destroy(struct gs_report *r)
{
    if (!r)
        return;
    g_array_unref(r->checks);
    g_free(r);
}

static const struct gs_check *check_at(const struct gs_report *r, guint i)
{
    return &g_array_index(r->checks, struct gs_check, i);
}

const struct gs_check *gs_report_find(const struct gs_report *r, const char *id)
{
    for (guint i = 0; i < r->checks->len; i++) {
        if (strcmp(check_at(r, i)->id, id) == 0)
            return check_at(r, i);
    }
    return NULL;
}

static unsigned count(const struct gs_report *r, enum gs_check_status status)
{
    unsigned n = 0;

    for (guint i = 0; i < r->checks->len; i++)
        n += check_at(r, i)->status == status;
    return n;
}

bool gs_report_can_run(const struct gs_report *r)
{
    return count(r, GS_CHECK_FAIL) == 0;
}

/* ---- for people ---- */

static const char *colour_of(enum gs_check_status status)
{
    static const char *const colours[] = {
        [GS_CHECK_OK] = "\033[32m",
        [GS_CHECK_INFO] = "\033[36m",
        [GS_CHECK_WARN] = "\033[33m",
        [GS_CHECK_FAIL] = "\033[1;31m",
    };

    return colours[status];
}

static void hide_progress(struct gs_report *r)
{
    if (r->progress_shown)
        fputs("\r\033[K", stdout);
    r->progress_shown = false;
}

void gs_report_progress(struct gs_report *r, const char *what)
{
    if (r->json || !isatty(STDOUT_FILENO))
        return;
    hide_progress(r);
    printf("  %s …", what);
    fflush(stdout);
    r->progress_shown = true;
}

/* The cursor stands in that column. */
static void print_text(const struct gs_report *r, const char *text, unsigned column)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    size_t at = column;

    for (char **word = words; *word; word++) {
        size_t length = (size_t)g_utf8_strlen(*word, -1);

        if (word != words && r->width && at + 1 + length > r->width) {
            printf("\n%*s", (int)column, "");
            at = column;
        } else if (word != words) {
            putchar(' ');
            at++;
        }
        fputs(*word, stdout);
        at += length;
    }
    putchar('\n');
}

static void print_heading(struct gs_report *r, const char *id)
{
    size_t n = strcspn(id, ".");
    const char *heading = "Other";

    for (size_t i = 0; i < GS_ARRAY_SIZE(sections); i++) {
        if (strlen(sections[i].part) == n && strncmp(sections[i].part, id, n) == 0)
            heading = sections[i].heading;
    }
    if (strcmp(heading, r->section) == 0)
        return;
    printf("%s%s%s%s\n", r->section[0] ? "\n" : "", r->colour ? "\033[1m" : "", heading,
           r->colour ? "\033[0m" : "");
    g_strlcpy(r->section, heading, sizeof(r->section));
}

static void print_check(struct gs_report *r, const struct gs_check *c)
{
    g_autofree char *detail = c->value[0] && !strstr(c->detail, c->value)
                                  ? g_strdup_printf("%s: %s", c->value, c->detail)
                                  : g_strdup(c->detail);

    print_heading(r, c->id);
    printf("  %s%-*s%s%-*s", r->colour ? colour_of(c->status) : "", STATUS_WIDTH,
           gs_check_status_name(c->status), r->colour ? "\033[0m" : "", TITLE_WIDTH, c->title);
    print_text(r, detail, TEXT_COLUMN);
    if (c->remedy[0]) {
        g_autofree char *remedy = g_strconcat("→ ", c->remedy, NULL);

        printf("%*s", TEXT_COLUMN, "");
        print_text(r, remedy, TEXT_COLUMN);
    }
    fflush(stdout);
}

void gs_report_add(struct gs_report *r, const struct gs_check *check)
{
    g_array_append_val(r->checks, *check);
    if (r->json)
        return;
    hide_progress(r);
    print_check(r, check);
}

/* ---- the summary ---- */

static const char *value_of(const struct gs_report *r, const char *id)
{
    const struct gs_check *c = gs_report_find(r, id);

    return c ? c->value : "";
}

static char *summary_text(const struct gs_report *r)
{
    const char *renderer = value_of(r, "gpu.renderer");
    unsigned failures = count(r, GS_CHECK_FAIL), warnings = count(r, GS_CHECK_WARN);
    g_autofree char *more = warnings == 0   ? g_strdup("")
                            : warnings == 1 ? g_strdup("; 1 warning")
                                            : g_strdup_printf("; %u warnings", warnings);

    if (failures)
        return g_strdup_printf("No session can run here: %u %s to be mended%s.", failures,
                               failures == 1 ? "thing has" : "things have", more);
    return g_strdup_printf("A session here will use: encoder %s, converter %s, rendering by %s%s.",
                           value_of(r, "encoder"), value_of(r, "converter"),
                           renderer[0] ? renderer : "what the application brings", more);
}

static json_t *checks_json(const struct gs_report *r)
{
    json_t *checks = json_array();

    for (guint i = 0; i < r->checks->len; i++) {
        char *text = gs_check_to_json(check_at(r, i));

        json_array_append_new(checks, json_loads(text, 0, NULL));
        free(text);
    }
    return checks;
}

static void print_json(const struct gs_report *r, const char *text)
{
    json_t *o =
        json_pack("{si so s{sb si si ss ss ss ss ss}}", "v", VERSION, "checks", checks_json(r),
                  "summary", "can_run", gs_report_can_run(r), "failures",
                  (int)count(r, GS_CHECK_FAIL), "warnings", (int)count(r, GS_CHECK_WARN), "encoder",
                  value_of(r, "encoder"), "converter", value_of(r, "converter"), "renderer",
                  value_of(r, "gpu.renderer"), "decoder", value_of(r, "decoder"), "text", text);
    char *json = json_dumps(o, JSON_INDENT(2));

    puts(json);
    free(json);
    json_decref(o);
}

void gs_report_finish(struct gs_report *r)
{
    g_autofree char *text = summary_text(r);
    bool ok = gs_report_can_run(r);

    if (r->json) {
        print_json(r, text);
    } else {
        hide_progress(r);
        printf("\n%s", r->colour ? colour_of(ok ? GS_CHECK_OK : GS_CHECK_FAIL) : "");
        print_text(r, text, 0);
        if (r->colour)
            fputs("\033[0m", stdout);
    }
    fflush(stdout);
}
