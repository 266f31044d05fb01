/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/input.h"

#include <math.h>

#include "common/macros.h"

#define PIXELS_A_CLICK 15
#define STEPS_A_CLICK 120

void gs_input_queue_init(struct gs_input_queue *q,
                         void (*send)(void *user, const struct gs_input *records, size_t n),
                         void *user)
{
    *q = (struct gs_input_queue){.send = send, .user = user};
}

uint32_t gs_input_next_id(struct gs_input_queue *q)
{
    if (++q->last_id == 0) /* never sent */
        q->last_id = 1;
    return q->last_id;
}

static struct gs_input numbered(struct gs_input_queue *q, struct gs_input in, uint64_t now)
{
    in.id = gs_input_next_id(q);
    in.time = (uint32_t)(now / GS_NS_PER_MS);
    return in;
}

void gs_input_flush(struct gs_input_queue *q, uint64_t now)
{
    struct gs_input record;

    if (!q->has_motion)
        return;
    q->has_motion = false;
    q->last_motion = now;
    record = numbered(q, q->motion, now);
    q->send(q->user, &record, 1);
}

static void merge_motion(struct gs_input_queue *q, const struct gs_input *in, uint64_t now)
{
    if (q->has_motion && q->motion.kind != in->kind)
        gs_input_flush(q, now);
    if (q->has_motion && in->kind == GS_INPUT_MOTION_REL) {
        q->motion.x += in->x;
        q->motion.y += in->y;
    } else {
        q->motion = *in;
    }
    q->has_motion = true;
    if (now >= gs_input_deadline(q))
        gs_input_flush(q, now);
}

void gs_input_push(struct gs_input_queue *q, const struct gs_input *in, uint64_t now)
{
    struct gs_input records[GS_INPUT_BATCH];
    size_t n = 0;

    if (in->kind == GS_INPUT_MOTION_ABS || in->kind == GS_INPUT_MOTION_REL) {
        merge_motion(q, in, now);
        return;
    }
    if (q->has_motion) {
        q->has_motion = false;
        q->last_motion = now;
        records[n++] = numbered(q, q->motion, now);
    }
    records[n++] = numbered(q, *in, now);
    q->send(q->user, records, n);
}

uint64_t gs_input_deadline(const struct gs_input_queue *q)
{
    return q->has_motion ? q->last_motion + GS_INPUT_SPACING : 0;
}

bool gs_input_may_draw(const struct gs_input *in)
{
    switch (in->kind) {
    case GS_INPUT_KEY:
    case GS_INPUT_BUTTON:
        return in->state == 1;
    case GS_INPUT_MOTION_ABS:
    case GS_INPUT_MOTION_REL:
    case GS_INPUT_AXIS:
        return true;
    default:
        return false;
    }
}

struct gs_input gs_input_key(uint16_t code, bool pressed)
{
    return (struct gs_input){.kind = GS_INPUT_KEY, .code = code, .state = pressed};
}

struct gs_input gs_input_button(uint16_t code, bool pressed)
{
    return (struct gs_input){.kind = GS_INPUT_BUTTON, .code = code, .state = pressed};
}

static int32_t to_fixed(double v)
{
    return (int32_t)lrint(GS_CLAMP(v, -32768.0, 32767.0) * 256);
}

struct gs_input gs_input_motion(double x, double y)
{
    return (struct gs_input){.kind = GS_INPUT_MOTION_ABS, .x = to_fixed(x), .y = to_fixed(y)};
}

struct gs_input gs_input_motion_rel(double dx, double dy)
{
    return (struct gs_input){.kind = GS_INPUT_MOTION_REL, .x = to_fixed(dx), .y = to_fixed(dy)};
}

struct gs_input gs_input_wheel(bool horizontal, double clicks)
{
    double whole = GS_CLAMP(trunc(clicks), -1000.0, 1000.0);

    return (struct gs_input){.kind = GS_INPUT_AXIS,
                             .code = horizontal ? 1 : 0,
                             .x = to_fixed(clicks * PIXELS_A_CLICK),
                             .y = whole == clicks ? (int32_t)(whole * STEPS_A_CLICK) : 0};
}
