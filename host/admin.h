/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verbs that administer a daemon, by its control socket. argv[0] is the last word of the verb;
 * they return the exit status: 2 also where the daemon says that a value is wrong, 3 where it
 * refuses by rights, by a limit or because the name is taken, 4 where nobody answers.
 */
#pragma once

#include "common/command.h"

extern const struct gs_command gs_session_create_command;
extern const struct gs_command gs_session_list_command;
extern const struct gs_command gs_session_show_command;
extern const struct gs_command gs_session_set_command;
extern const struct gs_command gs_session_close_command;
extern const struct gs_command gs_session_ticket_command;
extern const struct gs_command gs_session_logs_command;
extern const struct gs_command gs_apps_command;
extern const struct gs_command gs_events_command;
extern const struct gs_command gs_top_command;

int gs_verb_session_create(int argc, char **argv);
int gs_verb_session_list(int argc, char **argv);
int gs_verb_session_show(int argc, char **argv);
int gs_verb_session_set(int argc, char **argv);
int gs_verb_session_close(int argc, char **argv);
int gs_verb_session_ticket(int argc, char **argv);
int gs_verb_session_logs(int argc, char **argv);
int gs_verb_apps(int argc, char **argv);
int gs_verb_events(int argc, char **argv);
int gs_verb_top(int argc, char **argv);
