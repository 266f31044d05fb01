/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scripts of the client: what is accepted holds nothing but input that the host accepts too. */
#include <glib.h>

#include "client/script.h"
#include "tests/fuzz/fuzz.h"

static void check_step(const struct gs_script_step *s)
{
    uint8_t wire[GS_INPUT_SIZE];
    struct gs_input in = s->input, again;

    assert(s->line > 0);
    if (s->op == GS_SCRIPT_SNAPSHOT)
        assert(s->path && *s->path);
    if (s->op == GS_SCRIPT_WAIT_FRAME)
        assert(s->count > 0);
    if (s->op != GS_SCRIPT_INPUT)
        return;
    in.id = 1;
    gs_input_write(&in, wire);
    assert(gs_input_read(wire, &again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct gs_keymap *keymap;
    g_autofree char *text = g_strndup((const char *)data, size);
    struct gs_script *script = NULL;
    char *why = NULL;

    if (!keymap)
        assert(gs_keymap_create("us", &keymap) == 0);
    if (gs_script_parse(text, keymap, &script, &why) < 0) {
        assert(why && !script);
        g_free(why);
        return 0;
    }
    for (guint i = 0; i < script->steps->len; i++)
        check_step(&g_array_index(script->steps, struct gs_script_step, i));
    gs_script_destroy(script);
    return 0;
}
