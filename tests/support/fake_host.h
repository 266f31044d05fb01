/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host with one session for tests of the client: real TLS, real SRTP, a real encoder, and four
 * coloured quarters that a press of the space bar swaps left and right. Runs on the default main
 * context of the test's thread, which gs_fake_host_run_program turns.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/macros.h"
#include "common/proto.h"
#include "tests/support/process.h"

#define FAKE_WIDTH 640
#define FAKE_HEIGHT 360
/* Upper left, upper right, lower left, lower right, before any swap. 0xRRGGBB. */
#define FAKE_RED 0xff0000
#define FAKE_GREEN 0x00ff00
#define FAKE_BLUE 0x0000ff
#define FAKE_WHITE 0xffffff

struct gs_fake_host;

struct gs_fake_host_params {
    bool refuse;              /* every ticket */
    unsigned bye_after;       /* frames; 0: never */
    bool mute;                /* no frames */
    bool relative;            /* tell clients to send relative motion */
    unsigned drop_after;      /* frames after which the first connection is cut; 0: never */
    unsigned resize_after;    /* frames after which the picture has another size; 0: never */
    uint32_t width, height;   /* that size; may be odd */
    const char *const *steps; /* see gs_fake_host_run_program; may be NULL */
};

int gs_fake_host_create(const struct gs_fake_host_params *params,
                        struct gs_fake_host **ret) GS_MUST_CHECK;
void gs_fake_host_destroy(struct gs_fake_host *host);
/* For g_free. wrong_fingerprint: of another certificate. */
char *gs_fake_host_url(const struct gs_fake_host *host, bool wrong_fingerprint);
/* Turns the main context until the program ended: its exit status, or -ETIMEDOUT after 30 s. Each
 * of the params' steps is a shell command, run when the host has sent 10 frames more. */
int gs_fake_host_run_program(struct gs_fake_host *host, struct gs_process *program) GS_MUST_CHECK;
/* All records that came, struct gs_input. */
const GArray *gs_fake_host_inputs(const struct gs_fake_host *host);
/* What the last client said of its display. */
void gs_fake_host_display(const struct gs_fake_host *host, uint32_t *width, uint32_t *height);
/* The last keymap that a client sent; NULL: none. */
const char *gs_fake_host_keymap(const struct gs_fake_host *host);
unsigned gs_fake_host_clients(const struct gs_fake_host *host); /* let in so far */
bool gs_fake_host_heard_bye(const struct gs_fake_host *host);
