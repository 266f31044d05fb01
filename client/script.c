/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/script.h"

#include <errno.h>
#include <linux/input-event-codes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "client/input.h"
#include "common/clock.h"

#define WAIT_MAX 86400.0 /* s */
#define COORD_MAX 32767.0
#define FILE_MAX (1024 * 1024)

struct parser {
    struct gs_script *script;
    const struct gs_keymap *keymap;
    unsigned line;
    char *why; /* set: failed */
};

/* args: what follows the command, trimmed, never NULL. */
struct command {
    const char *name;
    void (*parse)(struct parser *p, const char *args);
};

static void fail(struct parser *p, const char *fmt, ...) GS_PRINTF(2, 3);

static void fail(struct parser *p, const char *fmt, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    if (p->why)
        return;
    va_start(args, fmt);
    text = g_strdup_vprintf(fmt, args);
    va_end(args);
    p->why = g_strdup_printf("line %u: %s", p->line, text);
}

static struct gs_script_step *add(struct parser *p, enum gs_script_op op)
{
    struct gs_script_step step = {.op = op, .line = p->line};

    g_array_append_val(p->script->steps, step);
    return &g_array_index(p->script->steps, struct gs_script_step, p->script->steps->len - 1);
}

static void add_input(struct parser *p, struct gs_input in)
{
    add(p, GS_SCRIPT_INPUT)->input = in;
}

/* Exactly n numbers, in ±limit. */
static bool numbers(struct parser *p, const char *args, double limit, size_t n, double *ret)
{
    const char *at = args;

    for (size_t i = 0; i < n; i++) {
        char *end;

        ret[i] = g_ascii_strtod(at, &end);
        if (end == at || !(fabs(ret[i]) <= limit) || (*end && !g_ascii_isspace(*end))) {
            fail(p, "expected %zu number%s, not “%s”", n, n > 1 ? "s" : "", args);
            return false;
        }
        at = end;
    }
    while (g_ascii_isspace(*at))
        at++;
    if (*at)
        fail(p, "“%s” is too much", at);
    return !*at;
}

/* Splits "WHAT [down|up]"; *press and *release say which halves are meant. */
static bool direction(struct parser *p, const char *args, char what[64], bool *press, bool *release)
{
    char way[8] = "", rest[2] = "";
    int n = sscanf(args, "%63s %7s %1s", what, way, rest);

    *press = n == 1 || strcmp(way, "down") == 0;
    *release = n == 1 || strcmp(way, "up") == 0;
    if (n < 1 || n > 2 || !(*press || *release))
        fail(p, "expected NAME [down|up], not “%s”", args);
    return !p->why;
}

static void parse_wait(struct parser *p, const char *args)
{
    double seconds;

    if (!numbers(p, args, WAIT_MAX, 1, &seconds))
        return;
    if (seconds < 0)
        fail(p, "can't wait %s seconds", args);
    else
        add(p, GS_SCRIPT_WAIT)->ns = (uint64_t)(seconds * GS_NS_PER_S);
}

static void parse_wait_frame(struct parser *p, const char *args)
{
    guint64 n = 1;

    if (*args && !g_ascii_string_to_unsigned(args, 10, 1, 1000000, &n, NULL))
        fail(p, "“%s” is not a number of frames", args);
    else
        add(p, GS_SCRIPT_WAIT_FRAME)->count = (unsigned)n;
}

static void parse_key(struct parser *p, const char *args)
{
    bool press, release;
    char name[64];
    uint16_t code;

    if (!direction(p, args, name, &press, &release))
        return;
    code = gs_key_by_name(name);
    if (!code) {
        fail(p, "there is no key “%s”", name);
        return;
    }
    if (press)
        add_input(p, gs_input_key(code, true));
    if (release)
        add_input(p, gs_input_key(code, false));
}

static void type_character(struct parser *p, const struct gs_keystroke *k)
{
    if (k->shift)
        add_input(p, gs_input_key(KEY_LEFTSHIFT, true));
    if (k->altgr)
        add_input(p, gs_input_key(KEY_RIGHTALT, true));
    add_input(p, gs_input_key(k->code, true));
    add_input(p, gs_input_key(k->code, false));
    if (k->altgr)
        add_input(p, gs_input_key(KEY_RIGHTALT, false));
    if (k->shift)
        add_input(p, gs_input_key(KEY_LEFTSHIFT, false));
}

static void parse_text(struct parser *p, const char *args)
{
    g_autofree char *text = g_strcompress(args); /* \n, \t, \" … */
    struct gs_keystroke k;

    if (!*args || !g_utf8_validate(text, -1, NULL)) {
        fail(p, *args ? "the text is not UTF-8" : "expected a text");
        return;
    }
    for (const char *c = text; *c && !p->why; c = g_utf8_next_char(c)) {
        if (gs_keymap_find(p->keymap, g_utf8_get_char(c), &k))
            type_character(p, &k);
        else
            fail(p, "the layout has no “%.*s”", (int)(g_utf8_next_char(c) - c), c);
    }
}

static void parse_move(struct parser *p, const char *args)
{
    double at[2];

    if (numbers(p, args, COORD_MAX, 2, at))
        add_input(p, gs_input_motion(at[0], at[1]));
}

static void parse_rel(struct parser *p, const char *args)
{
    double by[2];

    if (numbers(p, args, COORD_MAX, 2, by))
        add_input(p, gs_input_motion_rel(by[0], by[1]));
}

static uint16_t button_by_name(const char *name)
{
    return strcmp(name, "left") == 0     ? BTN_LEFT
           : strcmp(name, "middle") == 0 ? BTN_MIDDLE
           : strcmp(name, "right") == 0  ? BTN_RIGHT
                                         : 0;
}

static void parse_button(struct parser *p, const char *args)
{
    bool press, release;
    char name[64];
    uint16_t code;

    if (!direction(p, args, name, &press, &release))
        return;
    code = button_by_name(name);
    if (!code) {
        fail(p, "there is no button “%s”", name);
        return;
    }
    if (press)
        add_input(p, gs_input_button(code, true));
    if (release)
        add_input(p, gs_input_button(code, false));
}

static void parse_click(struct parser *p, const char *args)
{
    uint16_t code = button_by_name(*args ? args : "left");

    if (!code) {
        fail(p, "there is no button “%s”", args);
        return;
    }
    add_input(p, gs_input_button(code, true));
    add_input(p, gs_input_button(code, false));
}

static void parse_scroll(struct parser *p, const char *args)
{
    double clicks;

    if (numbers(p, args, 1000, 1, &clicks))
        add_input(p, gs_input_wheel(false, clicks));
}

static void parse_snapshot(struct parser *p, const char *args)
{
    if (*args)
        add(p, GS_SCRIPT_SNAPSHOT)->path = g_strdup(args);
    else
        fail(p, "expected the name of a file");
}

static void parse_quit(struct parser *p, const char *args)
{
    if (*args)
        fail(p, "“%s” is too much", args);
    else
        add(p, GS_SCRIPT_QUIT);
}

static const struct command commands[] = {
    {"wait", parse_wait},     {"wait-frame", parse_wait_frame},
    {"key", parse_key},       {"text", parse_text},
    {"move", parse_move},     {"rel", parse_rel},
    {"button", parse_button}, {"click", parse_click},
    {"scroll", parse_scroll}, {"snapshot", parse_snapshot},
    {"quit", parse_quit},
};

/* The line is cut up. A # inside a text is text, not a comment. */
static void parse_line(struct parser *p, char *line)
{
    char *name = g_strstrip(line), *args = name + strcspn(name, " \t");
    bool is_text;

    if (!*name || *name == '#')
        return;
    if (*args)
        *args++ = '\0';
    is_text = strcmp(name, "text") == 0;
    if (!is_text)
        args[strcspn(args, "#")] = '\0';
    g_strstrip(args);
    for (size_t i = 0; i < GS_ARRAY_SIZE(commands); i++) {
        if (strcmp(name, commands[i].name) == 0) {
            commands[i].parse(p, args);
            return;
        }
    }
    fail(p, "there is no command “%s”", name);
}

static void free_step(void *step)
{
    g_free(((struct gs_script_step *)step)->path);
}

int gs_script_parse(const char *text, const struct gs_keymap *keymap, struct gs_script **ret,
                    char **why)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    struct parser p = {.script = g_new0(struct gs_script, 1), .keymap = keymap};

    p.script->steps = g_array_new(FALSE, TRUE, sizeof(struct gs_script_step));
    g_array_set_clear_func(p.script->steps, free_step);
    for (char **line = lines; *line && !p.why; line++) {
        p.line++;
        parse_line(&p, *line);
    }
    if (p.why) {
        gs_script_destroy(p.script);
        *why = p.why;
        return -EINVAL;
    }
    *ret = p.script;
    return 0;
}

/* NULL with errno set. */
static char *read_all(const char *path)
{
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    g_autofree char *text = NULL;
    size_t n;

    if (!f)
        return NULL;
    text = g_malloc(FILE_MAX + 1);
    n = fread(text, 1, FILE_MAX + 1, f);
    if (ferror(f))
        g_clear_pointer(&text, g_free);
    if (f != stdin)
        fclose(f);
    if (text && n > FILE_MAX) {
        errno = EFBIG;
        return NULL;
    }
    return text ? g_strndup(text, n) : NULL;
}

int gs_script_load(const char *path, const struct gs_keymap *keymap, struct gs_script **ret,
                   char **why)
{
    g_autofree char *text = read_all(path);
    int err = text ? 0 : -errno;

    if (err) {
        *why = g_strdup(g_strerror(-err));
        return err;
    }
    return gs_script_parse(text, keymap, ret, why);
}

void gs_script_destroy(struct gs_script *script)
{
    if (!script)
        return;
    g_array_unref(script->steps);
    g_free(script);
}
