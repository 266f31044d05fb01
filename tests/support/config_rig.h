/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configurations in a folder of the test's own, the first file of which is host.conf. Thread:
 * one. */
#pragma once

#include "host/config.h"

/* The fixture of each test that uses what follows. */
int config_rig_setup(void **state);
int config_rig_teardown(void **state);

/* The file `name` in the folder holds `text`; its path, for g_free. */
char *config_rig_put(const char *name, const char *text);
/* What `text` as host.conf configures, for gs_host_config_finish; the test fails where it is
 * refused. */
struct gs_host_config config_rig_load(const char *text);
/* What is said when `path` is refused, without the folder; for g_free. The test fails where it is
 * not. */
char *config_rig_errors(const char *path);
/* `text` as host.conf is refused with these errors. */
void config_rig_refused(const char *text, const char *errors);
