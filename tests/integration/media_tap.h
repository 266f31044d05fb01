/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client of a session that is not ours but for the control channel: it opens the media by hand,
 * copies every RTP datagram to another port as it came, and keeps what it holds (decrypted, put
 * together, decoded) for comparison. Thread: the one of the default main context.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

#include "common/proto.h"
#include "tests/support/session_run.h"

struct media_tap;

struct media_tap_params {
    const char *stream;    /* file: the access units, Annex B */
    const char *protected; /* file: capture of the datagrams */
    const char *plain;     /* file: capture of the same, decrypted */
};

/* Says hello. NULL: it was not let in. */
struct media_tap *media_tap_open(const struct gs_session_run *run,
                                 const struct media_tap_params *params);
const struct gs_welcome *media_tap_welcome(const struct media_tap *tap);
/* Opens the stream and takes `frames` frames; asks for a key frame when half of them came. RTP goes
 * on to copy_port of the loopback. false: they did not come within half a minute. */
bool media_tap_run(struct media_tap *tap, unsigned frames, uint16_t copy_port);
/* The decoded pictures in order: I420 without gaps. Borrowed. */
const GByteArray *media_tap_pictures(const struct media_tap *tap);
unsigned media_tap_n_pictures(const struct media_tap *tap);
/* false: a file could not be written. */
bool media_tap_close(struct media_tap *tap);
