/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/effort.h"

#include <string.h>

#include "common/clock.h"
#include "common/macros.h"

/* All that a picture may take at a higher effort, its usual late ones included: what is left of 6
 * ms from commit to decoded after conversion, network and decoder; and of the frame, so that the
 * encoder is free again when the next comes. */
#define ENCODE_BUDGET (3.5 * GS_NS_PER_MS)
#define FRAME_SHARE 0.4
/* A single picture that takes this much of a frame ends the higher effort. */
#define FRAME_SHARE_MOST 0.7
#define MARGIN 1.3 /* between too long to raise and too long to stay */
/* Idle processors: enough to raise, too few to stay. */
#define IDLE_RAISE 0.35
#define IDLE_STAY 0.12
/* Below this there is little to save. */
#define WORTH_KBPS 500
#define RAISE_AFTER (3 * GS_NS_PER_S)
#define SEEN_ENOUGH 8
#define WAIT_FIRST (5 * GS_NS_PER_S)
#define WAIT_MOST (80 * GS_NS_PER_S)

const char gs_effort_names[] = "auto fast better best";

/* How much longer the next level takes, with room; measured with x264 on scenes of all kinds. */
static const double next_takes[GS_EFFORT_MOST] = {1.5, 2.5};

bool gs_effort_parse(const char *name, int *ret)
{
    static const struct {
        const char *name;
        int effort;
    } known[] = {
        {"", GS_EFFORT_AUTO}, {"auto", GS_EFFORT_AUTO}, {"fast", 0}, {"better", 1}, {"best", 2}};

    for (size_t i = 0; i < GS_ARRAY_SIZE(known); i++) {
        if (strcmp(name, known[i].name) == 0) {
            *ret = known[i].effort;
            return true;
        }
    }
    return false;
}

void gs_effort_init(struct gs_effort *e, uint32_t fps, int effort)
{
    *e = (struct gs_effort){
        .level = effort == GS_EFFORT_AUTO ? 0 : (uint32_t)effort,
        .automatic = effort == GS_EFFORT_AUTO,
        .interval = GS_NS_PER_S / GS_MAX(fps, 1),
        .idle = -1,
        .wait = WAIT_FIRST,
    };
}

void gs_effort_set_idle(struct gs_effort *e, double idle)
{
    e->idle = idle;
}

static void change(struct gs_effort *e, uint32_t level, uint64_t now)
{
    e->level = level;
    e->changed = now;
    e->seen = 0;
    e->good_since = 0;
}

static void note(struct gs_effort *e, double duration, size_t bytes, uint64_t now)
{
    /* A pause of a second or more says that the rate is next to nothing. */
    double seconds = e->last ? GS_MIN((double)(now - e->last) / GS_NS_PER_S, 1.0) : 1;
    double kbps = (double)bytes * 8 / 1000 / GS_MAX(seconds, 0.001);
    double away = duration > e->encode ? duration - e->encode : e->encode - duration;

    e->last = now;
    /* Over about half a second, whatever the frame rate. */
    e->kbps += (kbps - e->kbps) * GS_MIN(seconds * 2, 1.0);
    if (e->seen++ == 0) {
        e->encode = duration;
        e->deviation = duration / 4;
        return;
    }
    e->encode += (duration - e->encode) / 8;
    e->deviation += (away - e->deviation) / 8;
}

static double budget(const struct gs_effort *e)
{
    return GS_MIN(ENCODE_BUDGET, FRAME_SHARE * (double)e->interval);
}

static bool must_drop(const struct gs_effort *e, double duration)
{
    if (e->level == 0)
        return false;
    return duration > FRAME_SHARE_MOST * (double)e->interval || e->idle < IDLE_STAY ||
           (e->seen >= SEEN_ENOUGH && e->encode + e->deviation > MARGIN * budget(e));
}

static bool may_raise(const struct gs_effort *e)
{
    return e->level < GS_EFFORT_MOST && e->seen >= SEEN_ENOUGH && e->kbps >= WORTH_KBPS &&
           e->idle >= IDLE_RAISE && (e->encode + e->deviation) * next_takes[e->level] <= budget(e);
}

/* The next try waits; a level that was kept for long was no failure. */
static void drop(struct gs_effort *e, uint64_t now)
{
    if (now - e->changed > WAIT_MOST)
        e->wait = WAIT_FIRST;
    e->not_before = now + e->wait;
    e->wait = GS_MIN(2 * e->wait, WAIT_MOST);
    change(e, e->level - 1, now);
}

uint32_t gs_effort_encoded(struct gs_effort *e, uint64_t duration, size_t bytes, uint64_t now)
{
    if (!e->automatic)
        return e->level;
    note(e, (double)duration, bytes, now);
    if (must_drop(e, (double)duration)) {
        drop(e, now);
    } else if (!may_raise(e)) {
        e->good_since = 0;
    } else if (!e->good_since) {
        e->good_since = now;
    } else if (now - e->good_since >= RAISE_AFTER && now >= e->not_before) {
        change(e, e->level + 1, now);
    }
    return e->level;
}
