/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/input_keep.h"

#include <string.h>

struct kept {
    struct gs_input in;
    uint64_t at;
};

void gs_input_keep_init(struct gs_input_keep *k)
{
    memset(k, 0, sizeof(*k));
    k->records = g_array_new(FALSE, FALSE, sizeof(struct kept));
}

void gs_input_keep_finish(struct gs_input_keep *k)
{
    g_array_unref(k->records);
}

static void set_down(struct gs_input_keep *k, const struct gs_input *in)
{
    uint64_t bit = UINT64_C(1) << (in->code % 64);

    if (in->code >= GS_INPUT_CODES)
        return;
    if (in->state)
        k->down[in->code / 64] |= bit;
    else
        k->down[in->code / 64] &= ~bit;
}

void gs_input_keep_sent(struct gs_input_keep *k, const struct gs_input *in)
{
    k->used = true;
    switch (in->kind) {
    case GS_INPUT_KEY:
    case GS_INPUT_BUTTON:
        set_down(k, in);
        break;
    case GS_INPUT_RESET:
        memset(k->down, 0, sizeof(k->down));
        break;
    case GS_INPUT_LOCKS:
        k->locks = *in;
        k->has_locks = true;
        break;
    case GS_INPUT_MOTION_ABS:
        k->place = *in;
        k->has_place = true;
        break;
    default:
        break;
    }
}

static void drop_first(struct gs_input_keep *k)
{
    const struct gs_input *in = &g_array_index(k->records, struct kept, 0).in;

    gs_input_keep_sent(k, in);
    k->place_dropped |= in->kind == GS_INPUT_MOTION_ABS;
    g_array_remove_index(k->records, 0);
}

static void expire(struct gs_input_keep *k, uint64_t now)
{
    while (k->records->len > 0 &&
           now - g_array_index(k->records, struct kept, 0).at > GS_INPUT_KEEP)
        drop_first(k);
}

void gs_input_keep_add(struct gs_input_keep *k, const struct gs_input *in, uint64_t now)
{
    const struct kept kept = {*in, now};
    guint n;

    expire(k, now);
    n = k->records->len;
    if (n > 0 && in->kind == GS_INPUT_MOTION_ABS &&
        g_array_index(k->records, struct kept, n - 1).in.kind == GS_INPUT_MOTION_ABS)
        g_array_set_size(k->records, --n);
    if (n == GS_INPUT_KEEP_MAX)
        drop_first(k);
    g_array_append_val(k->records, kept);
}

static void tell_state(const struct gs_input_keep *k,
                       void (*send)(void *user, const struct gs_input *in), void *user)
{
    send(user, &(struct gs_input){.kind = GS_INPUT_RESET});
    if (k->has_locks)
        send(user, &(struct gs_input){.kind = GS_INPUT_LOCKS, .x = k->locks.x});
    if (k->has_place && k->place_dropped)
        send(user,
             &(struct gs_input){.kind = GS_INPUT_MOTION_ABS, .x = k->place.x, .y = k->place.y});
    for (unsigned code = 0; code < GS_INPUT_CODES; code++) {
        bool button = code >= 256 && code < 352;

        if (k->down[code / 64] & (UINT64_C(1) << (code % 64)))
            send(user, &(struct gs_input){.kind = button ? GS_INPUT_BUTTON : GS_INPUT_KEY,
                                          .code = (uint16_t)code,
                                          .state = 1});
    }
}

void gs_input_keep_tell(struct gs_input_keep *k, uint64_t now,
                        void (*send)(void *user, const struct gs_input *in), void *user)
{
    expire(k, now);
    if (k->used)
        tell_state(k, send, user);
    k->place_dropped = false;
    for (guint i = 0; i < k->records->len; i++) {
        struct gs_input in = g_array_index(k->records, struct kept, i).in;

        in.id = 0;
        gs_input_keep_sent(k, &in);
        send(user, &in);
    }
    g_array_set_size(k->records, 0);
}
