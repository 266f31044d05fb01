/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which frames of the pipeline take a turn at the GPU (session/turns.h), and which are covered by
 * one that was taken. Thread: main. Owner: the pipeline.
 *
 * A turn begins when the application is let go on (frame callbacks, held syncs) and ends when the
 * commit that follows is drawn; capturing that commit belongs to it. A commit that came without a
 * turn (the application waits for nothing) takes one for its capture, if turns have to be asked
 * for; an application that is let go on right after such a capture does so within the same turn. So
 * there is one turn in flight at most, and none is taken twice.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/clock.h"
#include "session/turns.h"

#define GS_TURN_GATE_DRAWING_MOST (250 * GS_NS_PER_MS) /* that a commit's drawing is waited for */

struct gs_turn_gate {
    struct gs_turns *turns; /* borrowed; NULL: there are none */
    bool in_flight;         /* the application was let go on, and nothing was drawn since */
    bool capturing;         /* a turn for a capture is taken, and no one else's yet */
    bool covered;           /* the commit to capture came by a turn */
    bool asked;             /* for a turn that did not come yet */
    unsigned undrawn;       /* commits whose drawing goes on */
    unsigned older;         /* of these, those of before the turn in flight */
    uint64_t commit;        /* the last one */
};

/* A commit that changed the picture came. replaces: the one before was not captured yet. */
void gs_turn_gate_committed(struct gs_turn_gate *g, bool replaces, uint64_t now);
/* A commit's drawing is done. Whether that lets anything go on. */
bool gs_turn_gate_drawn(struct gs_turn_gate *g, uint64_t now);

/* Whether the capture that is due has to take a turn. */
bool gs_turn_gate_capture_asks(const struct gs_turn_gate *g);
/* It may be made now; else it was asked for. */
bool gs_turn_gate_capture(struct gs_turn_gate *g, uint64_t now);
/* When the application may be let go on at the earliest, as far as it is known: `at`, or later. */
uint64_t gs_turn_gate_answer_at(const struct gs_turn_gate *g, uint64_t at);
/* It may be now, and is; else it was asked for. */
bool gs_turn_gate_answer(struct gs_turn_gate *g, uint64_t now);
/* What could be done now was done: a turn that was taken for a capture alone is over. */
void gs_turn_gate_settle(struct gs_turn_gate *g, uint64_t now);
/* Nothing is wanted that was asked for. */
void gs_turn_gate_withdraw(struct gs_turn_gate *g);
