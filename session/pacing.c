/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/pacing.h"

#include "common/clock.h"
#include "common/macros.h"

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

void gs_pacing_committed(struct gs_pacing *p, uint64_t now)
{
    uint64_t took;

    if (!p->callback_open)
        return;
    p->callback_open = false;
    took = now - p->callback_sent;
    /* An application that had nothing to draw for a while says nothing about how fast it draws. */
    if (took > 2 * p->interval)
        return;
    p->draw_deviation = mean(p->draw_deviation, took > p->draw ? took - p->draw : p->draw - took);
    p->draw = mean(p->draw, took);
}

uint64_t gs_pacing_capture_at(const struct gs_pacing *p, uint64_t now)
{
    uint64_t tolerance = p->interval / 2;
    uint64_t at = p->next_capture > tolerance ? p->next_capture - tolerance : 0;

    return GS_MAX(at, now);
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
    uint64_t draw = p->draw > p->draw_deviation ? p->draw - p->draw_deviation : 0;
    uint64_t encoder_free = p->captured + (p->encode > draw ? p->encode - draw : 0);
    /* The commit should meet an open rate limit too. A quarter of a frame before its nominal time
     * leaves as much room for one that is early as for one that is late. */
    uint64_t ahead = p->interval / 4 + p->draw;
    uint64_t rate = p->next_capture > ahead ? p->next_capture - ahead : 0;

    return GS_MAX(GS_MAX(p->next_callback, encoder_free), GS_MAX(rate, now));
}

void gs_pacing_callback_sent(struct gs_pacing *p, uint64_t now)
{
    uint64_t tick = p->next_callback;

    /* Keep the phase while on time; start anew after a pause. */
    if (tick + p->interval < now)
        tick = now;
    p->next_callback = tick + p->interval;
    p->callback_sent = now;
    p->callback_open = true;
}
