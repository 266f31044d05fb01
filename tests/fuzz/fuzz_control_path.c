/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/fuzz/fuzz.h"

#include <glib.h>
#include <string.h>

#include "host/control_path.h"

/* What is taken comes out the same after writing and reading it again. */
static void check_path(const char *text)
{
    struct gs_control_path path, again;
    g_autoptr(GString) written = g_string_new(NULL);
    const char *args[GS_PATH_SEGMENTS];
    g_autofree char *why = NULL;

    if (gs_control_path_parse(text, &path, &why) < 0)
        return;
    for (char **segment = path.segments; *segment; segment++) {
        assert(g_utf8_validate(*segment, -1, NULL));
        g_string_append_c(written, '/');
        g_string_append_uri_escaped(written, *segment, NULL, FALSE);
    }
    if (written->len == 0)
        g_string_append_c(written, '/');
    assert(gs_control_path_parse(written->str, &again, &why) == 0);
    for (size_t i = 0; path.segments[i] || again.segments[i]; i++)
        assert(g_strcmp0(path.segments[i], again.segments[i]) == 0);
    if (gs_control_path_match(&path, "/v1/sessions/{name}/tickets/{id}", args))
        assert(args[0] == path.segments[2] && args[1] == path.segments[4] && !args[2]);
    gs_control_path_finish(&path);
    gs_control_path_finish(&again);
}

static void check_query(const char *text)
{
    static const char *const known[] = {"since", "follow", NULL};
    struct gs_control_query query;
    g_autofree char *why = NULL;

    if (gs_control_query_parse(text, &query, &why) < 0) {
        assert(why && why[0]);
        return;
    }
    assert(query.n <= GS_QUERY_PAIRS);
    for (unsigned i = 0; i < query.n; i++)
        assert(gs_control_query_get(&query, query.pairs[i].key) == query.pairs[i].value);
    if (!gs_control_query_unknown(&query, known))
        assert(query.n <= 2);
    gs_control_query_finish(&query);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    char *mark = strchr(text, '?');

    if (mark)
        *mark = '\0';
    check_path(text);
    check_query(mark ? mark + 1 : text);
    return 0;
}
