/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What this machine gives to a session, proven by doing it: GPU, converters, encoders, the desktop
 * and Xwayland. Says its checks on stdout (common/check.h), each tried in a process of its own.
 * Main thread, before anything else was begun.
 */
#pragma once

#include <stdbool.h>

/* Returns the exit status: 0 where a session would find all that it must have. */
int gs_session_doctor(void);

/* One trial each, as gs_check_trial.run. doctor_gpu.c: */
bool gs_doctor_nodes(void *user);
bool gs_doctor_renderer(void *user);
bool gs_doctor_dmabuf(void *user);
/* doctor_convert.c, doctor_encode.c; user: its name. */
bool gs_doctor_converter(void *user);
bool gs_doctor_converter_choice(void *user);
bool gs_doctor_encoder(void *user);
/* doctor_slots.c; user: the name of one that works, hardware. */
bool gs_doctor_slots(void *user);
/* doctor_desktop.c */
bool gs_doctor_keymap(void *user);
bool gs_doctor_desktop(void *user);
bool gs_doctor_xwayland(void *user);
