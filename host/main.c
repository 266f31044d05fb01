/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gpushare-host: finds the verb and hands over to it. */
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "common/macros.h"
#include "host/daemon.h"
#include "host/doctor.h"
#include "host/exit_status.h"
#include "host/run.h"

struct verb {
    const struct gs_command *command;
    const char *summary;
    int (*run)(int argc, char **argv); /* argv[0] is the verb; returns the exit status */
};

static const struct verb verbs[] = {
    {&gs_run_command, "run one application as a session in the foreground", gs_run},
    {&gs_serve_command, "run many sessions for many users, as a daemon", gs_serve},
    {&gs_doctor_command, "say what is there for sessions, and what is missing", gs_doctor},
};

static void usage(FILE *out)
{
    fputs("Usage: gpushare-host VERB [OPTION…]\n\nVerbs:\n", out);
    for (size_t i = 0; i < GS_ARRAY_SIZE(verbs); i++)
        fprintf(out, "  %-10s %s\n", verbs[i].command->verb, verbs[i].summary);
    fputs("\n  --help     this text; gpushare-host VERB --help tells the options of a verb\n"
          "  --version  the version\n",
          out);
}

int main(int argc, char **argv)
{
    setlocale(LC_ALL, "");
    if (argc < 2) {
        usage(stderr);
        return GS_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        usage(stdout);
        return 0;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("gpushare-host " GS_VERSION);
        return 0;
    }
    for (size_t i = 0; i < GS_ARRAY_SIZE(verbs); i++) {
        if (strcmp(argv[1], verbs[i].command->verb) == 0)
            return verbs[i].run(argc - 1, argv + 1);
    }
    fprintf(stderr, "gpushare-host: there is no verb '%s'\n\n", argv[1]);
    usage(stderr);
    return GS_EXIT_USAGE;
}
