/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a worker gives up for ever before it serves anybody: capabilities, the right to gain any
 * (no_new_privs), and system calls that it has no business with. What it starts inherits that, so
 * that an application without a sandbox would, too: its worker keeps what it has. Main thread.
 */
#pragma once

#include "common/link.h"
#include "common/macros.h"

/* 0, or -errno with a sentence for the user in *ret_reason, for g_free. */
int gs_harden(enum gs_sandbox sandbox, char **ret_reason) GS_MUST_CHECK;
