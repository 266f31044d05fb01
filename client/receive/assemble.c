/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/receive/assemble.h"

#include <glib.h>
#include <string.h>

#include "client/receive/depacketize.h"
#include "common/clock.h"

#define DEFAULT_RTT (50 * GS_NS_PER_MS)
#define REORDER_PACKETS 3
#define REORDER_TIME (2 * GS_NS_PER_MS)
#define MAX_NACKS 4
#define MIN_NACK_INTERVAL (5 * GS_NS_PER_MS)
#define MIN_PATIENCE (60 * GS_NS_PER_MS)
#define MIN_PLI_INTERVAL (100 * GS_NS_PER_MS)
/* The first report asks for the first key frame; a PLI follows only if that does not work. */
#define FIRST_PLI (250 * GS_NS_PER_MS)
#define MAX_REACH_BACK 64
#define MAX_FRAMES_GAP 16 /* more missing at once: an IDR is sooner there than all of them */
#define MAX_FREE_NODES 512
#define FIRST_CYCLE 0x10000 /* added to sequence numbers, so that the first has room below it */

struct node {
    struct node *next; /* in the list of free ones */
    struct gs_rtp_packet packet;
    uint64_t arrival;
    uint8_t payload[GS_ASSEMBLER_MAX_PAYLOAD];
};

/* Of one sequence number from `begin` to `highest`: there is a node, or it is missing. */
struct slot {
    struct node *node;
    uint64_t noticed, asked; /* that it is missing; with a NACK */
    uint8_t times;           /* NACKs sent */
};

struct gs_assembler {
    struct gs_receiver_listener listener;
    void *user;
    struct gs_depacketizer depacketizer;
    struct node *free_nodes;
    unsigned n_free;
    uint64_t rtt;

    /* Extended sequence numbers. */
    bool started;
    uint64_t base;    /* the first of the stream */
    uint64_t begin;   /* where the oldest frame not yet delivered begins */
    uint64_t scan;    /* the first that is not there, from begin on */
    uint64_t highest; /* the last that came */
    uint32_t highest_frame;
    unsigned n_missing;
    struct slot slots[GS_ASSEMBLER_WINDOW];

    bool waiting; /* for a key frame: nothing else is of use */
    bool discontinuity;
    uint64_t last_pli, want_pli; /* 0: none; when the next is due while waiting */
    uint64_t last_arrival;       /* of a packet that was not there before */

    uint32_t accounted; /* every frame up to this id was delivered or counted as lost */
    uint64_t received;  /* packets, without copies */
    uint64_t reported_expected, reported_received;
    struct gs_receiver_stats stats;
};

struct gs_assembler *gs_assembler_create(const struct gs_receiver_listener *listener, void *user,
                                         uint64_t now)
{
    struct gs_assembler *as = g_new0(struct gs_assembler, 1);

    as->listener = *listener;
    as->user = user;
    as->rtt = DEFAULT_RTT;
    as->waiting = true;
    as->want_pli = now + FIRST_PLI;
    gs_depacketizer_init(&as->depacketizer);
    return as;
}

void gs_assembler_destroy(struct gs_assembler *as)
{
    if (!as)
        return;
    for (unsigned i = 0; i < GS_ASSEMBLER_WINDOW; i++)
        g_free(as->slots[i].node);
    while (as->free_nodes) {
        struct node *node = as->free_nodes;

        as->free_nodes = node->next;
        g_free(node);
    }
    gs_depacketizer_finish(&as->depacketizer);
    g_free(as);
}

static struct slot *slot_of(struct gs_assembler *as, uint64_t seq)
{
    return &as->slots[seq % GS_ASSEMBLER_WINDOW];
}

static struct node *take_node(struct gs_assembler *as)
{
    struct node *node = as->free_nodes;

    if (!node)
        return g_new(struct node, 1);
    as->free_nodes = node->next;
    as->n_free--;
    return node;
}

static void release_node(struct gs_assembler *as, struct node *node)
{
    if (as->n_free >= MAX_FREE_NODES) {
        g_free(node);
        return;
    }
    node->next = as->free_nodes;
    as->free_nodes = node;
    as->n_free++;
}

static bool begins_keyframe(const struct node *node)
{
    return node && gs_depacketizer_has_sps(node->packet.payload, node->packet.payload_size);
}

static void wait_for_keyframe(struct gs_assembler *as, uint64_t now)
{
    uint64_t due = now;

    if (as->last_pli)
        due = GS_MAX(now, as->last_pli + GS_MAX(as->rtt, MIN_PLI_INTERVAL));
    as->want_pli = as->waiting ? GS_MIN(as->want_pli, due) : due;
    as->waiting = true;
    as->discontinuity = true;
}

/* Frame ids count up by one: the step since the last frame says how many are lost. */
static void account(struct gs_assembler *as, uint32_t frame_id, bool delivered)
{
    int32_t step = (int32_t)(frame_id - as->accounted);

    if (step <= 0)
        return;
    as->stats.frames_lost += (uint32_t)step - delivered;
    as->accounted = frame_id;
}

/* Forgets everything before `seq`, which becomes the begin of a frame. */
static void drop_until(struct gs_assembler *as, uint64_t seq)
{
    for (uint64_t s = as->begin; s < seq && s <= as->highest; s++) {
        struct slot *slot = slot_of(as, s);

        if (slot->node) {
            account(as, slot->node->packet.frame_id, false);
            release_node(as, g_steal_pointer(&slot->node));
        } else {
            as->n_missing--;
        }
    }
    as->begin = as->scan = seq;
}

static void mark_missing(struct gs_assembler *as, uint64_t seq, uint64_t now)
{
    *slot_of(as, seq) = (struct slot){.noticed = now};
    as->n_missing++;
}

static void fill_info(struct gs_assembler *as, const struct gs_rtp_packet *last, size_t size,
                      struct gs_picture_info *info)
{
    *info = (struct gs_picture_info){
        .frame_id = last->frame_id,
        .input_id = last->input_id,
        .host_capture = last->capture_us * GS_NS_PER_US,
        .first_packet = UINT64_MAX,
        .bytes = (uint32_t)size,
    };
    for (unsigned i = 0; i < GS_RTP_STAGES; i++)
        info->stages[i] = last->stages[i] * 10 * GS_NS_PER_US;
    for (uint64_t s = as->begin; s < as->scan; s++) {
        uint64_t arrival = slot_of(as, s)->node->arrival;

        info->first_packet = GS_MIN(info->first_packet, arrival);
        info->complete = GS_MAX(info->complete, arrival);
    }
}

static int depacketize(struct gs_assembler *as, size_t *ret_size)
{
    gs_depacketizer_reset(&as->depacketizer);
    for (uint64_t s = as->begin; s < as->scan; s++) {
        const struct gs_rtp_packet *p = &slot_of(as, s)->node->packet;
        int err = gs_depacketizer_add(&as->depacketizer, p->payload, p->payload_size);

        if (err < 0)
            return err;
    }
    return gs_depacketizer_end(&as->depacketizer, ret_size);
}

static void deliver(struct gs_assembler *as, size_t size)
{
    const struct gs_rtp_packet *last = &slot_of(as, as->scan - 1)->node->packet;
    struct gs_access_unit au = {
        .data = as->depacketizer.data->data,
        .size = size,
        .keyframe = as->depacketizer.idr,
        .discontinuity = as->discontinuity,
    };

    fill_info(as, last, size, &au.info);
    account(as, last->frame_id, true);
    as->stats.frames++;
    as->stats.keyframes += au.keyframe;
    as->waiting = as->discontinuity = false;
    as->listener.access_unit(as->user, &au);
}

/* All packets of the frame from begin to scan - 1 are there. */
static void finish_frame(struct gs_assembler *as, uint64_t now)
{
    const struct node *first = slot_of(as, as->begin)->node;
    bool usable;
    size_t size;

    /* Frames that the host encoded and never sent leave no gap but in the ids. */
    if ((int32_t)(first->packet.frame_id - as->accounted) > 1)
        wait_for_keyframe(as, now);
    usable = !as->waiting || begins_keyframe(first);
    if (usable && depacketize(as, &size) == 0 && (!as->waiting || as->depacketizer.idr))
        deliver(as, size);
    else
        wait_for_keyframe(as, now);
    drop_until(as, as->scan);
}

static void advance(struct gs_assembler *as, uint64_t now)
{
    while (as->scan <= as->highest && slot_of(as, as->scan)->node) {
        bool marker = slot_of(as, as->scan)->node->packet.marker;

        as->scan++;
        if (marker)
            finish_frame(as, now);
    }
}

/* A stream begins with a key frame. When the first packet that came does not begin one, those
 * before it are missing; how many shows when they come. */
static void reach_back(struct gs_assembler *as, uint64_t seq, uint64_t now)
{
    if (as->stats.frames || seq != as->base || as->begin != as->base ||
        as->highest - as->base >= MAX_REACH_BACK || begins_keyframe(slot_of(as, seq)->node))
        return;
    as->base = as->begin = as->scan = seq - 1;
    mark_missing(as, seq - 1, now);
}

static void restart(struct gs_assembler *as, uint64_t seq, uint64_t now)
{
    drop_until(as, as->highest + 1);
    wait_for_keyframe(as, now);
    as->begin = as->scan = seq;
    as->highest = seq - 1;
}

static bool is_outage(const struct gs_assembler *as, uint64_t seq,
                      const struct gs_rtp_packet *packet)
{
    int32_t step = (int32_t)(packet->frame_id - as->highest_frame);

    return seq > as->highest + 1 && step > MAX_FRAMES_GAP;
}

static void start(struct gs_assembler *as, const struct gs_rtp_packet *packet)
{
    as->started = true;
    as->base = as->begin = as->scan = FIRST_CYCLE + packet->seq;
    as->highest = as->base - 1;
    as->accounted = as->highest_frame = packet->frame_id - 1;
}

static void store(struct gs_assembler *as, uint64_t seq, const struct gs_rtp_packet *packet,
                  uint64_t now)
{
    struct node *node = take_node(as);

    node->packet = *packet;
    node->packet.payload = node->payload;
    node->arrival = now;
    memcpy(node->payload, packet->payload, packet->payload_size);
    slot_of(as, seq)->node = node;
    as->received++;
    as->last_arrival = now;
}

void gs_assembler_push(struct gs_assembler *as, const struct gs_rtp_packet *packet, uint64_t now)
{
    uint64_t seq;

    if (packet->payload_size > GS_ASSEMBLER_MAX_PAYLOAD)
        return;
    if (!as->started)
        start(as, packet);
    seq = gs_rtp_extend_seq(as->highest, packet->seq);
    if (seq < as->begin)
        return;
    if (seq >= as->begin + GS_ASSEMBLER_WINDOW || is_outage(as, seq, packet))
        restart(as, seq, now);
    if (seq > as->highest) {
        for (uint64_t s = as->highest + 1; s < seq; s++)
            mark_missing(as, s, now);
        as->highest = seq;
        as->highest_frame = packet->frame_id;
        *slot_of(as, seq) = (struct slot){0};
    } else if (slot_of(as, seq)->node) {
        return;
    } else {
        as->n_missing--;
        as->stats.packets_repaired += slot_of(as, seq)->times > 0;
    }
    store(as, seq, packet, now);
    reach_back(as, seq, now);
    if (as->waiting && seq > as->begin && begins_keyframe(slot_of(as, seq)->node) &&
        !begins_keyframe(slot_of(as, as->begin)->node)) {
        as->discontinuity = true;
        drop_until(as, seq);
    }
    advance(as, now);
}

/* ---- what to ask for ---- */

/* On a short path it is the sender that needs time, busy with a frame: ask less and less often. */
static uint64_t nack_interval(const struct gs_assembler *as, unsigned times)
{
    return GS_MAX(as->rtt * 6 / 5, MIN_NACK_INTERVAL << (times - 1));
}

static uint64_t expiry(const struct gs_assembler *as, const struct slot *slot)
{
    return slot->noticed + GS_MAX(4 * as->rtt, MIN_PATIENCE);
}

/* The packet at scan will not come. */
static void give_up(struct gs_assembler *as, uint64_t now)
{
    /* While waiting, push goes to every key frame at once: there can't be one behind, except
     * behind the one that is given up here. */
    bool search = !as->waiting || begins_keyframe(slot_of(as, as->begin)->node);
    uint64_t seq = as->scan + 1;

    wait_for_keyframe(as, now);
    while (search && seq <= as->highest && !begins_keyframe(slot_of(as, seq)->node))
        seq++;
    drop_until(as, seq <= as->highest ? seq : as->scan + 1);
    advance(as, now);
}

static void collect_nacks(struct gs_assembler *as, uint64_t now, struct gs_assembler_wish *ret)
{
    unsigned left = as->n_missing;

    for (uint64_t seq = as->scan; left && seq <= as->highest; seq++) {
        struct slot *slot = slot_of(as, seq);
        uint64_t due;

        if (slot->node)
            continue;
        left--;
        if (slot->times >= MAX_NACKS)
            continue;
        if (slot->times)
            due = slot->asked + nack_interval(as, slot->times);
        else
            due = as->highest - seq >= REORDER_PACKETS ? now : slot->noticed + REORDER_TIME;
        if (due <= now && ret->n_nacks < GS_RTCP_MAX_NACKS) {
            ret->nacks[ret->n_nacks++] = (uint16_t)seq;
            as->stats.packets_lost += !slot->times++;
            slot->asked = now;
            due = now + nack_interval(as, slot->times);
        }
        ret->next = GS_MIN(ret->next, due);
    }
}

static void wish_for_keyframe(struct gs_assembler *as, uint64_t now, struct gs_assembler_wish *ret)
{
    uint64_t interval = GS_MAX(as->rtt, MIN_PLI_INTERVAL);

    /* While one comes in, another would only delay it. */
    if (begins_keyframe(slot_of(as, as->begin)->node)) {
        if (as->n_missing)
            return;
        as->want_pli = GS_MAX(as->want_pli, as->last_arrival + interval);
    }
    if (now >= as->want_pli) {
        ret->pli = true;
        as->last_pli = now;
        as->want_pli = now + interval;
    }
    ret->next = GS_MIN(ret->next, as->want_pli);
}

void gs_assembler_poll(struct gs_assembler *as, uint64_t now, struct gs_assembler_wish *ret)
{
    ret->n_nacks = 0;
    ret->pli = false;
    ret->next = UINT64_MAX;
    while (as->n_missing && expiry(as, slot_of(as, as->scan)) <= now)
        give_up(as, now);
    if (as->n_missing) {
        collect_nacks(as, now, ret);
        ret->next = GS_MIN(ret->next, expiry(as, slot_of(as, as->scan)));
    }
    if (as->waiting)
        wish_for_keyframe(as, now, ret);
}

void gs_assembler_set_rtt(struct gs_assembler *as, uint64_t rtt)
{
    as->rtt = GS_MIN(rtt, 2 * GS_NS_PER_S);
}

void gs_assembler_request_keyframe(struct gs_assembler *as, uint64_t now)
{
    wait_for_keyframe(as, now);
}

bool gs_assembler_report(struct gs_assembler *as, struct gs_assembler_report *ret)
{
    uint64_t expected, in_interval, received;

    if (!as->started)
        return false;
    expected = as->highest - as->base + 1;
    in_interval = expected - as->reported_expected;
    received = as->received - as->reported_received;
    ret->highest_seq = (uint32_t)(as->highest - FIRST_CYCLE);
    ret->cumulative_lost = (int32_t)GS_CLAMP((int64_t)(expected - as->received), 0, 0x7fffff);
    ret->fraction_lost = 0;
    if (in_interval && received < in_interval)
        ret->fraction_lost = (uint8_t)GS_MIN((in_interval - received) * 256 / in_interval, 255);
    as->reported_expected = expected;
    as->reported_received = as->received;
    return true;
}

void gs_assembler_get_stats(const struct gs_assembler *as, struct gs_receiver_stats *ret)
{
    ret->frames += as->stats.frames;
    ret->keyframes += as->stats.keyframes;
    ret->packets_lost += as->stats.packets_lost;
    ret->packets_repaired += as->stats.packets_repaired;
    ret->frames_lost += as->stats.frames_lost;
}
