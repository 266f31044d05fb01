/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes the n-th allocation of a size from outside fail: g_try_*, and malloc and its kin where our
 * own code or the codecs, containers, ciphers and JSON call them. What GLib aborts for (g_malloc,
 * g_new: small things, by design) never fails, nor does what the C library needs for itself. To be
 * linked into the test's program, whose definitions come before those of any library.
 */
#pragma once

#include <stdbool.h>

/* The n-th from now on fails, once; n counts from 1. Not for two threads at a time; allocations of
 * all threads count. */
void gs_alloc_fail_arm(unsigned n);
/* Whether that has happened. Nothing fails any more. */
bool gs_alloc_fail_disarm(void);
