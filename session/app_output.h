/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the application's output goes: one place for the whole process, as standard error is. */
#pragma once

/* An open descriptor, which becomes close-on-exec. Before other threads start. */
void gs_app_output_set(int fd);
/* Standard error before that. Any thread, also between fork and exec. */
int gs_app_output(void);
