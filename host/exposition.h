/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Measurements as text that Prometheus reads: its exposition format 0.0.4. Pure; any thread. */
#pragma once

#include <glib.h>
#include <stdint.h>

struct gs_exposition_label {
    const char *name;  /* NULL ends a list */
    const char *value; /* any bytes; what is not UTF-8 is replaced */
};

/* Begins a metric; all its samples follow. type: "counter", "gauge", "histogram". */
void gs_exposition_begin(GString *out, const char *name, const char *type, const char *help);
/* value in units of 10^-decimals: 1500 with 3 is 1.5. suffix: "", or "_bucket", "_sum", "_count" of
 * a histogram. labels NULL: none. */
void gs_exposition_add(GString *out, const char *name, const char *suffix,
                       const struct gs_exposition_label *labels, uint64_t value, unsigned decimals);
/* The number as it is in a sample; the buffer has room for 32 bytes. */
const char *gs_exposition_number(char *buf, uint64_t value, unsigned decimals);
