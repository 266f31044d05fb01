/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parts of a program that need large libraries (a window, libavcodec, a muxer) are shared objects
 * of their own: loading them takes longer than everything else at the start, so only who uses one
 * loads it, and a machine may lack those that it does not need. They are looked for beside the
 * program, in
 * ../libexec/gpushare from there, or only in GPUSHARE_MODULES where that is set. Never unloaded.
 * Any thread.
 */
#pragma once

#include <stddef.h>

#include "common/log.h"
#include "common/macros.h"

/* What the module called name ("gpushare-client-window") offers: its gs_module_start's answer.
 * NULL: it is not there or does not load, with the reason in why. */
const void *gs_module_load(const char *name, char *why, size_t why_size);

/* Every module has one. log: the program's; a module has a log of its own, and takes this on.
 * Static data; see the header of what the module does. */
__attribute__((visibility("default"))) const void *
gs_module_start(const struct gs_log_context *log);
