/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attributes and small helpers; the only place where compiler extensions are spelled. */
#pragma once

#include <stddef.h>

/* The result carries an error: ignoring it is a bug. */
#define GS_MUST_CHECK __attribute__((warn_unused_result))
#define GS_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define GS_UNUSED __attribute__((unused))

#define GS_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define GS_MIN(a, b) ((a) < (b) ? (a) : (b))
#define GS_MAX(a, b) ((a) > (b) ? (a) : (b))
#define GS_CLAMP(v, lo, hi) ((v) < (lo) ? (lo) : (v) > (hi) ? (hi) : (v))
