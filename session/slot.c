/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/slot.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

#include "common/bytes.h"
#include "common/clock.h"
#include "common/log.h"

struct gs_slot {
    struct gs_slot_params params;
    enum gs_slot_state state, told; /* told: to a host that adopts the session */
    bool fixed;                     /* hardware was asked for by name */
    bool beginning;                 /* the parts wait for an answer */
    bool answered;                  /* by TAKEN */
    bool returning;                 /* HELD, until software has taken over */
    bool useless;                   /* hardware does not encode this size */
    uint32_t slots;                 /* of the host, all of them taken */
    uint64_t changed_ns;            /* when the encoder was changed last; 0: never */
    guint timer;                    /* of the beginning, or of reopening */
};

static void say(struct gs_slot *s, enum gs_link_type type, uint8_t byte)
{
    if (gs_link_send(s->params.link, (uint8_t)type, &byte, 1) < 0)
        gs_debug("the host is not told about the encoder slot");
}

static void want(struct gs_slot *s)
{
    s->state = GS_SLOT_WANTED;
    s->returning = false;
    say(s, GS_LINK_SLOT_WANT, s->fixed);
}

static void give_back(struct gs_slot *s, enum gs_slot_end how)
{
    s->state = GS_SLOT_NONE;
    s->returning = false;
    say(s, GS_LINK_SLOT_FREE, (uint8_t)how);
}

static void set_timer(struct gs_slot *s, guint ms, GSourceFunc fn)
{
    if (s->timer)
        g_source_remove(s->timer);
    s->timer = fn ? g_timeout_add(ms, fn, s) : 0;
}

/* ---- why software encodes ---- */

static void set_reason(struct gs_slot *s, const char *reason)
{
    struct gs_parts *p = s->params.parts;
    bool changed = strcmp(p->spill, reason) != 0;

    g_strlcpy(p->spill, reason, sizeof(p->spill));
    if (!changed || !*reason || !p->encoder || gs_encoder_is_hardware(p->encoder))
        return;
    gs_parts_note_spill(p);
    s->params.reason_changed(s->params.user);
}

static void set_reason_taken(struct gs_slot *s)
{
    g_autofree char *reason = NULL;

    if (!s->answered)
        reason = g_strdup("the host has not given an encoder slot yet");
    else if (s->slots == 0)
        reason = g_strdup("the host gives no encoder slots");
    else if (s->slots == 1)
        reason = g_strdup("the only encoder slot is taken");
    else
        reason = g_strdup_printf("all %u encoder slots are taken", s->slots);
    set_reason(s, reason);
}

/* ---- the beginning ---- */

/* Nobody waits any more. */
static void settle(struct gs_slot *s)
{
    g_autofree char *failure = NULL;

    set_timer(s, 0, NULL);
    s->beginning = false;
    if (s->state == GS_SLOT_WANTED && !s->fixed) {
        set_reason_taken(s);
        gs_warn("%s: software encodes the session, at the cost of processor time",
                s->params.parts->spill);
    } else if (s->state == GS_SLOT_WANTED && s->answered) {
        failure =
            g_strdup_printf("encoder %s: the host's %u encoder slots are taken; try --encoder "
                            "auto, or end another session",
                            s->params.config->encoder, s->slots);
    } else if (s->state == GS_SLOT_WANTED) {
        s->state = GS_SLOT_HELD; /* the driver decides */
    }
    s->params.begin(s->params.user, failure);
}

static gboolean on_no_answer(gpointer data)
{
    struct gs_slot *s = data;

    s->timer = 0;
    settle(s);
    return G_SOURCE_REMOVE;
}

void gs_slot_begin(struct gs_slot *s)
{
    const struct gs_worker_config *c = s->params.config;

    if (!*c->adopt_path || !gs_encoder_has_hardware(c->encoder)) {
        s->params.begin(s->params.user, NULL);
        return;
    }
    s->fixed = *c->encoder && strcmp(c->encoder, "auto") != 0;
    s->beginning = true;
    want(s);
    set_timer(s, s->fixed ? GS_SLOT_FIXED_MS : GS_SLOT_ANSWER_MS, on_no_answer);
}

/* ---- changes ---- */

static gboolean on_reopen_due(gpointer data)
{
    struct gs_slot *s = data;

    s->timer = 0;
    set_reason(s, "");
    s->params.reopen(s->params.user);
    return G_SOURCE_REMOVE;
}

static void take_hardware(struct gs_slot *s)
{
    uint64_t due = s->changed_ns ? s->changed_ns + GS_SLOT_INTERVAL_MS * GS_NS_PER_MS : 0;
    uint64_t now = gs_now_ns();

    set_timer(s, due > now ? (guint)((due - now) / GS_NS_PER_MS + 1) : 0, on_reopen_due);
}

/* Hardware was opened for the slot, or should have been, and software came. */
static void refused(struct gs_slot *s, bool full, const char *reason)
{
    g_autofree char *why = g_strdup(reason); /* may be the encoder's */

    give_back(s, full ? GS_SLOT_END_FULL : GS_SLOT_END_USELESS);
    s->useless = !full;
    set_reason(s, full ? "the GPU takes no more encoder sessions" : why);
    if (full)
        want(s);
}

void gs_slot_look(struct gs_slot *s, bool resized)
{
    const struct gs_encoder *enc = s->params.parts->encoder;
    bool hardware = gs_encoder_is_hardware(enc);

    if (s->state == GS_SLOT_HELD && s->returning && !hardware) {
        give_back(s, GS_SLOT_END_BACK);
        want(s);
    } else if (s->state == GS_SLOT_HELD && !hardware && !s->params.parts->spill[0]) {
        refused(s, enc->full, enc->why);
    } else if (s->useless && resized) {
        s->useless = false;
        want(s);
    }
}

void gs_slot_reopened(struct gs_slot *s, int err, const char *reason)
{
    const struct gs_encoder *enc = s->params.parts->encoder;

    if (err < 0) {
        if (s->state == GS_SLOT_HELD && !gs_encoder_is_hardware(enc))
            refused(s, err == -EBUSY, reason);
        else
            gs_warn("the encoder stays %s: %s", enc->impl->name, reason);
        return;
    }
    s->changed_ns = gs_now_ns();
    if (gs_encoder_is_hardware(enc))
        gs_info("an encoder slot was given: %s encodes from now on", enc->impl->name);
    else
        gs_info("the encoder slot is given back: %s encodes from now on", enc->impl->name);
    gs_slot_look(s, false);
}

/* ---- the host ---- */

static void on_given(struct gs_slot *s)
{
    if (s->state == GS_SLOT_NONE) {
        give_back(s, GS_SLOT_END_BACK);
        return;
    }
    if (s->state == GS_SLOT_HELD)
        return;
    s->state = GS_SLOT_HELD;
    if (s->beginning)
        settle(s);
    else
        take_hardware(s);
}

static void on_taken(struct gs_slot *s)
{
    s->answered = true;
    if (s->beginning && !s->fixed) {
        settle(s);
    } else if (s->state == GS_SLOT_WANTED && !s->beginning) {
        set_reason_taken(s);
    } else if (s->state == GS_SLOT_HELD && !s->fixed && !s->returning) {
        s->returning = true;
        set_timer(s, 0, NULL);
        set_reason_taken(s);
        if (gs_encoder_is_hardware(s->params.parts->encoder))
            s->params.reopen(s->params.user);
        else
            gs_slot_look(s, false);
    }
}

void gs_slot_frame(struct gs_slot *s, uint8_t type, const uint8_t *payload, size_t size)
{
    struct gs_reader r;

    if (type == GS_LINK_SLOT_GIVEN) {
        on_given(s);
        return;
    }
    gs_reader_init(&r, payload, size);
    s->slots = gs_read_u32(&r);
    if (!r.overrun)
        on_taken(s);
}

void gs_slot_introduce(struct gs_slot *s, struct gs_worker_adopt *a)
{
    if (!s)
        return;
    a->slot = s->told = s->state;
    a->slot_fixed = s->fixed;
}

/* What could not be said while the host was adopting the session. */
void gs_slot_link_back(struct gs_slot *s)
{
    if (!s || s->told != GS_SLOT_HELD || s->state == GS_SLOT_HELD)
        return;
    say(s, GS_LINK_SLOT_FREE, s->useless ? GS_SLOT_END_USELESS : GS_SLOT_END_BACK);
    if (s->state == GS_SLOT_WANTED)
        say(s, GS_LINK_SLOT_WANT, s->fixed);
}

struct gs_slot *gs_slot_create(const struct gs_slot_params *params)
{
    struct gs_slot *s = g_new0(struct gs_slot, 1);

    s->params = *params;
    return s;
}

void gs_slot_destroy(struct gs_slot *s)
{
    if (!s)
        return;
    set_timer(s, 0, NULL);
    g_free(s);
}
