/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scripts that play a user: a line is a command, # begins a comment. Parsing is pure.
 *
 *   wait SECONDS                            key NAME|CODE [down|up]
 *   wait-frame [N]                          text STRING
 *   move X Y                                rel DX DY
 *   button left|middle|right [down|up]      click [left|middle|right]
 *   scroll N                                snapshot FILE.png
 *   quit
 *
 * wait-frame: until N (1) pictures came that show all input so far, counted from the last input or
 * wait-frame on; an error after 10 s. key and button without a direction press and release. scroll:
 * clicks of the wheel, down positive. text knows \n, \t and \\.
 */
#pragma once

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

#include "client/keymap.h"
#include "common/macros.h"
#include "common/proto.h"

enum gs_script_op {
    GS_SCRIPT_WAIT,       /* ns */
    GS_SCRIPT_WAIT_FRAME, /* count */
    GS_SCRIPT_INPUT,      /* input */
    GS_SCRIPT_SNAPSHOT,   /* path */
    GS_SCRIPT_QUIT,
};

struct gs_script_step {
    enum gs_script_op op;
    unsigned line;
    uint64_t ns;
    unsigned count;
    struct gs_input input;
    char *path;
};

struct gs_script {
    GArray *steps; /* struct gs_script_step */
};

/* keymap: what text is typed with. -EINVAL: *why (g_free) says the line and what is wrong. */
int gs_script_parse(const char *text, const struct gs_keymap *keymap, struct gs_script **ret,
                    char **why) GS_MUST_CHECK;
/* Reads a file, or standard input for "-", and parses it. -errno, *why as above. */
int gs_script_load(const char *path, const struct gs_keymap *keymap, struct gs_script **ret,
                   char **why) GS_MUST_CHECK;
void gs_script_destroy(struct gs_script *script);
