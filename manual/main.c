/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>
#include <string.h>

#include "client/decode.h"
#include "client/options.h"
#include "common/macros.h"
#include "encoder/encoder.h"
#include "host/admin.h"
#include "host/daemon.h"
#include "host/doctor.h"
#include "host/run.h"
#include "manual/manual.h"
#include "session/convert.h"
#include "session/options.h"

static const struct gs_command *const host[] = {&gs_run_command,
                                                &gs_serve_command,
                                                &gs_doctor_command,
                                                &gs_session_create_command,
                                                &gs_session_list_command,
                                                &gs_session_show_command,
                                                &gs_session_set_command,
                                                &gs_session_close_command,
                                                &gs_session_ticket_command,
                                                &gs_session_logs_command,
                                                &gs_apps_command,
                                                &gs_top_command,
                                                &gs_events_command,
                                                NULL};
static const struct gs_command *const client[] = {&gs_client_command, NULL};
static const struct gs_command *const session[] = {&gs_session_command, NULL};
static const struct gs_command *const none[] = {NULL};

static const struct gs_manual_program programs[] = {
    {"gpushare-host", host, "--help --version"},
    {"gpushare-client", client, NULL},
    {"gpushare-session", session, NULL},
    {"gpushare-host.conf", none, NULL},
};

/* impls: an array of pointers to structs that begin with a name. */
static char *names(const void *impls)
{
    GString *all = g_string_new(NULL);

    for (const char *const *const *impl = impls; *impl; impl++)
        g_string_append_printf(all, "%s%s", all->len ? " " : "", **impl);
    return g_string_free(all, FALSE);
}

char *gs_manual_values(const struct gs_option *option)
{
    if (!option->values || strcmp(option->values, "@file") == 0 ||
        strcmp(option->values, "@apps") == 0)
        return NULL;
    if (strcmp(option->values, "@encoders") == 0)
        return names(gs_encoder_impls);
    if (strcmp(option->values, "@converters") == 0)
        return names(gs_converter_impls);
    if (strcmp(option->values, "@decoders") == 0)
        return names(gs_decoder_impls);
    return g_strdup(option->values);
}

static const struct gs_manual_program *find(const char *name)
{
    for (size_t i = 0; i < GS_ARRAY_SIZE(programs); i++) {
        if (strcmp(programs[i].name, name) == 0)
            return &programs[i];
    }
    return NULL;
}

static int write_page(const struct gs_manual_program *program, const char *path, FILE *out)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;

    if (g_file_get_contents(path, &text, NULL, &error))
        return gs_manual_page(program, text, out);
    g_printerr("gs-manual: %s\n", error->message);
    return -1;
}

/* gs-manual PROGRAM OUTPUT [TEMPLATE]: a manual page, or without template the completion; of what
 * has no commands, a sample. */
int main(int argc, char **argv)
{
    const struct gs_manual_program *program = argc >= 3 ? find(argv[1]) : NULL;
    FILE *out = program ? fopen(argv[2], "w") : NULL;
    int err = 0;

    if (!out) {
        g_printerr("usage: gs-manual PROGRAM OUTPUT [TEMPLATE]\n");
        return 2;
    }
    if (argc > 3)
        err = write_page(program, argv[3], out);
    else if (!program->commands[0])
        gs_manual_sample(out);
    else
        gs_manual_completion(program, out);
    return fclose(out) != 0 || err;
}
