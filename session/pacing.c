/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/pacing.h"

#include "common/clock.h"
#include "common/macros.h"

#define PROMPT_COMMITS 4 /* a sign that pictures wait */
#define LATE_COMMITS 8   /* proof that none does */
#define REST_PAUSE (1 * GS_NS_PER_S)
#define REST_PAUSE_MAX (256 * GS_NS_PER_S)

static uint64_t mean(uint64_t old, uint64_t sample)
{
    return old ? old - old / 8 + sample / 8 : sample;
}

void gs_pacing_init(struct gs_pacing *p, uint32_t fps)
{
    *p = (struct gs_pacing){0};
    gs_pacing_set_fps(p, fps);
}

void gs_pacing_set_fps(struct gs_pacing *p, uint32_t fps)
{
    p->interval = GS_NS_PER_S / GS_MAX(fps, 1);
}

static void begin_rest(struct gs_pacing *p, uint64_t now)
{
    p->resting = true;
    p->prompt = 0;
    p->rest_pause = p->rest_pause ? GS_MIN(p->rest_pause * 4, REST_PAUSE_MAX) : REST_PAUSE;
    p->rest_after = now + p->rest_pause;
}

static void note_promptness(struct gs_pacing *p, uint64_t now, uint64_t took)
{
    bool prompt = took < p->interval / 8;

    p->prompt = prompt ? p->prompt + 1 : 0;
    p->late = prompt ? 0 : p->late + 1;
    if (p->late >= LATE_COMMITS)
        p->rest_after = p->rest_pause = 0;
    /* Only the limit of the rate makes room by a rest, not an encoder that is slow. */
    if (p->prompt >= PROMPT_COMMITS && now >= p->rest_after &&
        p->next_capture > now + p->interval / 2)
        begin_rest(p, now);
}

void gs_pacing_committed(struct gs_pacing *p, uint64_t now)
{
    uint64_t took;

    if (!p->callback_open)
        return;
    p->callback_open = false;
    took = now - p->callback_sent;
    /* An application that had nothing to draw for a while says nothing about how fast it draws. */
    if (took > 2 * p->interval) {
        p->prompt = 0;
        return;
    }
    p->draw_deviation = mean(p->draw_deviation, took > p->draw ? took - p->draw : p->draw - took);
    p->draw = mean(p->draw, took);
    if (p->callback_kept)
        note_promptness(p, now, took);
}

static uint64_t before(uint64_t at, uint64_t duration)
{
    return at > duration ? at - duration : 0;
}

uint64_t gs_pacing_capture_at(const struct gs_pacing *p, uint64_t now)
{
    /* One frame, and a quarter more: see gs_pacing_callback_at. */
    return GS_MAX(before(p->next_capture, p->interval + p->interval / 4), now);
}

void gs_pacing_captured(struct gs_pacing *p, uint64_t now)
{
    p->captured = now;
    p->next_capture = GS_MAX(p->next_capture, now) + p->interval;
}

void gs_pacing_encoded(struct gs_pacing *p, uint64_t duration)
{
    p->encode = mean(p->encode, duration);
}

uint64_t gs_pacing_callback_at(const struct gs_pacing *p, uint64_t now)
{
    /* A commit that comes a little late costs less than one that waits for the encoder, so the
     * application is taken to draw as fast as it usually can. */
    uint64_t draw = before(p->draw, p->draw_deviation);
    uint64_t encoder_free = p->captured + before(p->encode, draw);
    /* The commit should meet an open limit of captures too. A quarter of a frame after that opens
     * leaves room for a commit that is early. */
    uint64_t capture = before(p->next_capture, p->resting ? 0 : p->interval + p->draw);
    uint64_t callback = before(p->next_callback, p->interval);

    return GS_MAX(GS_MAX(callback, encoder_free), GS_MAX(capture, now));
}

void gs_pacing_callback_sent(struct gs_pacing *p, uint64_t now, bool keeps)
{
    p->next_callback = GS_MAX(p->next_callback, now) + p->interval;
    p->callback_sent = now;
    p->callback_open = true;
    p->callback_kept = keeps;
    p->resting = false;
}
