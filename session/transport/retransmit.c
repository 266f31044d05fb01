/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/transport/retransmit.h"

#include <assert.h>
#include <glib.h>
#include <pthread.h>
#include <stdalign.h>
#include <string.h>

struct slot {
    uint16_t size; /* 0: empty, or being written */
    uint16_t seq;
    uint8_t times;
};

struct gs_retransmit {
    pthread_mutex_t lock; /* all slots, and the data of those whose size is not 0 */
    struct slot slots[GS_RETRANSMIT_PACKETS];
    alignas(8) uint8_t data[GS_RETRANSMIT_PACKETS][GS_RETRANSMIT_PACKET_SIZE];
};

struct gs_retransmit *gs_retransmit_create(void)
{
    struct gs_retransmit *ring = g_new0(struct gs_retransmit, 1);

    pthread_mutex_init(&ring->lock, NULL);
    return ring;
}

void gs_retransmit_destroy(struct gs_retransmit *ring)
{
    if (!ring)
        return;
    pthread_mutex_destroy(&ring->lock);
    g_free(ring);
}

static struct slot *slot_of(struct gs_retransmit *ring, uint16_t seq)
{
    return &ring->slots[seq % GS_RETRANSMIT_PACKETS];
}

void gs_retransmit_reset(struct gs_retransmit *ring)
{
    pthread_mutex_lock(&ring->lock);
    for (unsigned i = 0; i < GS_RETRANSMIT_PACKETS; i++)
        ring->slots[i].size = 0;
    pthread_mutex_unlock(&ring->lock);
}

uint8_t *gs_retransmit_slot(struct gs_retransmit *ring, uint16_t seq)
{
    pthread_mutex_lock(&ring->lock);
    slot_of(ring, seq)->size = 0;
    pthread_mutex_unlock(&ring->lock);
    return ring->data[seq % GS_RETRANSMIT_PACKETS];
}

void gs_retransmit_publish(struct gs_retransmit *ring, uint16_t seq, size_t size)
{
    struct slot *slot = slot_of(ring, seq);

    assert(size <= GS_RETRANSMIT_PACKET_SIZE);
    pthread_mutex_lock(&ring->lock);
    slot->size = (uint16_t)size;
    slot->seq = seq;
    slot->times = 0;
    pthread_mutex_unlock(&ring->lock);
}

static size_t take(struct gs_retransmit *ring, uint16_t seq, bool count, uint8_t *out)
{
    struct slot *slot = slot_of(ring, seq);
    size_t size = 0;

    pthread_mutex_lock(&ring->lock);
    if (slot->size && slot->seq == seq && (!count || slot->times < GS_RETRANSMIT_TIMES)) {
        size = slot->size;
        slot->times += count;
        memcpy(out, ring->data[seq % GS_RETRANSMIT_PACKETS], size);
    }
    pthread_mutex_unlock(&ring->lock);
    return size;
}

size_t gs_retransmit_resend(struct gs_retransmit *ring, uint16_t seq,
                            uint8_t out[GS_RETRANSMIT_PACKET_SIZE])
{
    return take(ring, seq, true, out);
}

size_t gs_retransmit_copy(struct gs_retransmit *ring, uint16_t seq,
                          uint8_t out[GS_RETRANSMIT_PACKET_SIZE])
{
    return take(ring, seq, false, out);
}
