/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/turn_gate.h"

#include "common/macros.h"

static bool start(struct gs_turn_gate *g, uint64_t now)
{
    g->asked = !gs_turns_start(g->turns, now);
    return !g->asked;
}

void gs_turn_gate_committed(struct gs_turn_gate *g, bool replaces, uint64_t now)
{
    g->covered = g->in_flight || (replaces && g->covered);
    g->commit = now;
    g->undrawn++;
}

bool gs_turn_gate_drawn(struct gs_turn_gate *g, uint64_t now)
{
    g->undrawn -= g->undrawn > 0;
    if (g->older > 0) {
        g->older--;
    } else if (g->in_flight) {
        g->in_flight = false;
        gs_turns_finished(g->turns, now);
    }
    return g->undrawn == 0 && gs_turns_asks(g->turns);
}

bool gs_turn_gate_capture_asks(const struct gs_turn_gate *g)
{
    return gs_turns_asks(g->turns) && !g->covered && !g->in_flight && !g->capturing;
}

bool gs_turn_gate_capture(struct gs_turn_gate *g, uint64_t now)
{
    if (!gs_turn_gate_capture_asks(g))
        return true;
    g->capturing = start(g, now);
    return g->capturing;
}

uint64_t gs_turn_gate_answer_at(const struct gs_turn_gate *g, uint64_t at)
{
    /* Two frames of one session in flight could not be told apart. */
    if (g->undrawn == 0 || !gs_turns_asks(g->turns))
        return at;
    return GS_MAX(at, g->commit + GS_TURN_GATE_DRAWING_MOST);
}

bool gs_turn_gate_answer(struct gs_turn_gate *g, uint64_t now)
{
    if (g->capturing)
        g->capturing = false;
    else if (!start(g, now))
        return false;
    if (g->undrawn && now >= g->commit + GS_TURN_GATE_DRAWING_MOST)
        g->undrawn = 0;
    g->in_flight = true;
    g->older = g->undrawn;
    return true;
}

void gs_turn_gate_settle(struct gs_turn_gate *g, uint64_t now)
{
    if (g->capturing)
        gs_turns_finished(g->turns, now);
    g->capturing = false;
}

void gs_turn_gate_withdraw(struct gs_turn_gate *g)
{
    if (g->asked)
        gs_turns_withdraw(g->turns);
    g->asked = false;
}
