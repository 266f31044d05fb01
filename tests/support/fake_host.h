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

/* A step that is over when there is a client. */
#define GS_FAKE_AWAIT_CLIENT "@client"

struct gs_fake_host;

/* How the host behaves after it cut its client's connection, as a host does that is killed and
 * started again. */
struct gs_fake_return {
    bool resume;       /* media go on meanwhile, and the client is known again by a resume ticket */
    bool ends;         /* the stream is ended in order */
    bool never;        /* nobody listens any more */
    unsigned after;    /* frames' time that nobody listens */
    const char *file;  /* and until there is such a file; NULL: no matter */
    unsigned refusals; /* clients turned away after that */
    int status;        /* with which; 3 or 4 */
    bool other_certificate;
};

struct gs_fake_host_params {
    bool refuse;          /* every ticket */
    unsigned bye_after;   /* frames; 0: never */
    bool mute;            /* no frames */
    unsigned still_after; /* frames after which there are no more; 0: never */
    bool silent;          /* no answers to PING, up to the cut */
    bool late;            /* it begins as it is after the cut */
    bool relative;        /* tell clients to send relative motion */
    bool view;            /* tickets let watch only */
    bool old;             /* it names no resume ticket */
    unsigned drop_after;  /* frames after which the first connection is cut; 0: never */
    const char *cut_file; /* cut when there is such a file; NULL: by drop_after */
    struct gs_fake_return back;
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
/* All reports that came, struct gs_client_report. */
const GArray *gs_fake_host_reports(const struct gs_fake_host *host);
/* Whether the last client wished to watch only. */
bool gs_fake_host_view(const struct gs_fake_host *host);
/* What the last client said of its display. */
void gs_fake_host_display(const struct gs_fake_host *host, uint32_t *width, uint32_t *height);
/* The last keymap that a client sent; NULL: none. */
const char *gs_fake_host_keymap(const struct gs_fake_host *host);
unsigned gs_fake_host_clients(const struct gs_fake_host *host); /* let in so far */
bool gs_fake_host_heard_bye(const struct gs_fake_host *host);
