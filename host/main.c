/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gpushare-host: finds the verb and hands over to it. */
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/macros.h"
#include "host/admin.h"
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
    {&gs_session_create_command, "make a session", gs_verb_session_create},
    {&gs_session_list_command, "list the sessions", gs_verb_session_list},
    {&gs_session_show_command, "show one session", gs_verb_session_show},
    {&gs_session_set_command, "change settings of a session", gs_verb_session_set},
    {&gs_session_close_command, "end sessions", gs_verb_session_close},
    {&gs_session_ticket_command, "issue, list and revoke tickets", gs_verb_session_ticket},
    {&gs_session_logs_command, "print what an application printed", gs_verb_session_logs},
    {&gs_apps_command, "list the published applications", gs_verb_apps},
    {&gs_top_command, "show all sessions and what they use", gs_verb_top},
    {&gs_events_command, "print what happens", gs_verb_events},
};

static void usage(FILE *out)
{
    fputs("Usage: gpushare-host VERB [OPTION…]\n\nVerbs:\n", out);
    for (size_t i = 0; i < GS_ARRAY_SIZE(verbs); i++)
        fprintf(out, "  %-15s %s\n", verbs[i].command->verb, verbs[i].summary);
    fputs("\n  --help     this text; gpushare-host VERB --help tells the options of a verb\n"
          "  --version  the version\n",
          out);
}

/* How many words of the command line are this verb; 0: it is another one. */
static int words_of(const char *verb, int argc, char **argv)
{
    const char *second = strchr(verb, ' ');
    size_t first = second ? (size_t)(second - verb) : strlen(verb);

    if (strlen(argv[0]) != first || strncmp(argv[0], verb, first) != 0)
        return 0;
    if (!second)
        return 1;
    return argc > 1 && strcmp(argv[1], second + 1) == 0 ? 2 : 0;
}

/* Says which verbs there are, or those that begin with the first word. */
static int no_verb(int argc, char **argv)
{
    size_t first = strlen(argv[1]), n = 0;
    bool help = argc > 2 && (strcmp(argv[2], "--help") == 0 || strcmp(argv[2], "-h") == 0);
    FILE *out = help ? stdout : stderr;

    for (size_t i = 0; i < GS_ARRAY_SIZE(verbs); i++)
        n += strncmp(verbs[i].command->verb, argv[1], first) == 0 &&
             verbs[i].command->verb[first] == ' ';
    if (n == 0 || !help)
        fprintf(stderr, "gpushare-host: there is no verb '%s%s%s'\n\n", argv[1],
                n && argc > 2 ? " " : "", n && argc > 2 ? argv[2] : "");
    if (n == 0) {
        usage(stderr);
        return GS_EXIT_USAGE;
    }
    fprintf(out, "Usage: gpushare-host %s VERB [OPTION…]\n\nVerbs:\n", argv[1]);
    for (size_t i = 0; i < GS_ARRAY_SIZE(verbs); i++) {
        if (strncmp(verbs[i].command->verb, argv[1], first) == 0 &&
            verbs[i].command->verb[first] == ' ')
            fprintf(out, "  %-15s %s\n", verbs[i].command->verb, verbs[i].summary);
    }
    return help ? GS_EXIT_DONE : GS_EXIT_USAGE;
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
        int words = words_of(verbs[i].command->verb, argc - 1, argv + 1);

        if (words)
            return verbs[i].run(argc - words, argv + words);
    }
    return no_verb(argc, argv);
}