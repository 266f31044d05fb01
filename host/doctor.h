/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verb `doctor`: says what is there for sessions and what is missing, each proven by doing it.
 */
#pragma once

#include "common/check.h"
#include "common/command.h"

extern const struct gs_command gs_doctor_command;

/* Returns the exit status: 0 where a session can run. */
int gs_doctor(int argc, char **argv);

/* The checks of the host itself; each says its lines on stdout (common/check.h). They run in a
 * process of their own. doctor_system.c, doctor_network.c: */
void gs_doctor_system(void);
void gs_doctor_network(void);

/* How the use of each GPU, and of the processors where software renders, will be measured. root:
 * "/", another one for tests. doctor_meter.c */
void gs_doctor_meter(const char *root, struct gs_check *ret);
