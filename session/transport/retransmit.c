/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/transport/retransmit.h"

#include <assert.h>
#include <glib.h>
#include <pthread.h>
#include <stdalign.h>
#include <string.h>

#include "common/clock.h"

#define CHUNK 128 /* packets; large enough for malloc to give it back to the system */
#define CHUNKS (GS_RETRANSMIT_PACKETS / CHUNK)
#define KEEP_AT_FIRST GS_NS_PER_S
/* A chunk that is too many goes only when it has been for a while: rates vary. */
#define SPARE 2

static_assert(CHUNK >= GS_RETRANSMIT_LEAST, "the chunk before the newest has enough");

/* Packets that follow one another. */
struct chunk {
    uint64_t written; /* when the newest was begun */
    uint16_t first;   /* sequence number */
    unsigned n;
    uint16_t sizes[CHUNK]; /* 0: being written */
    alignas(8) uint8_t data[CHUNK][GS_RETRANSMIT_PACKET_SIZE];
};

struct gs_retransmit {
    pthread_mutex_t lock; /* all but the data of those that are being written */
    uint64_t keep;
    unsigned n;
    struct chunk *chunks[CHUNKS]; /* oldest first */
};

struct gs_retransmit *gs_retransmit_create(void)
{
    struct gs_retransmit *ring = g_new0(struct gs_retransmit, 1);

    pthread_mutex_init(&ring->lock, NULL);
    ring->keep = KEEP_AT_FIRST;
    return ring;
}

static struct chunk *take_oldest(struct gs_retransmit *ring)
{
    struct chunk *c = ring->chunks[0];

    memmove(ring->chunks, ring->chunks + 1, --ring->n * sizeof(ring->chunks[0]));
    return c;
}

static void forget(struct gs_retransmit *ring)
{
    while (ring->n)
        g_free(take_oldest(ring));
}

void gs_retransmit_destroy(struct gs_retransmit *ring)
{
    if (!ring)
        return;
    forget(ring);
    pthread_mutex_destroy(&ring->lock);
    g_free(ring);
}

void gs_retransmit_reset(struct gs_retransmit *ring)
{
    pthread_mutex_lock(&ring->lock);
    forget(ring);
    ring->keep = KEEP_AT_FIRST;
    pthread_mutex_unlock(&ring->lock);
}

void gs_retransmit_keep_for(struct gs_retransmit *ring, uint64_t ns)
{
    pthread_mutex_lock(&ring->lock);
    ring->keep = ns;
    pthread_mutex_unlock(&ring->lock);
}

/* Not the only one: what is in the newest may still be read by the writer. */
static bool may_reuse(const struct gs_retransmit *ring, uint64_t age, uint64_t now)
{
    return ring->n > 1 && now > ring->chunks[0]->written + age;
}

static struct chunk *begin_chunk(struct gs_retransmit *ring, uint16_t seq, uint64_t now)
{
    struct chunk *c;

    while (ring->n > 2 && may_reuse(ring, SPARE * ring->keep, now))
        g_free(take_oldest(ring));
    if (ring->n == CHUNKS || may_reuse(ring, ring->keep, now))
        c = take_oldest(ring);
    else
        c = g_new(struct chunk, 1);
    c->first = seq;
    c->n = 0;
    ring->chunks[ring->n++] = c;
    return c;
}

/* The size of a packet; NULL: it is not there. */
static uint16_t *find(struct gs_retransmit *ring, uint16_t seq, uint8_t **ret_data)
{
    for (unsigned i = ring->n; i-- > 0;) {
        struct chunk *c = ring->chunks[i];
        uint16_t at = (uint16_t)(seq - c->first);

        if (at < c->n) {
            *ret_data = c->data[at];
            return &c->sizes[at];
        }
    }
    return NULL;
}

uint8_t *gs_retransmit_slot(struct gs_retransmit *ring, uint16_t seq, uint64_t now)
{
    struct chunk *c;
    uint16_t at;

    pthread_mutex_lock(&ring->lock);
    c = ring->n ? ring->chunks[ring->n - 1] : NULL;
    if (!c || (uint16_t)(seq - c->first) >= CHUNK)
        c = begin_chunk(ring, seq, now);
    at = (uint16_t)(seq - c->first);
    assert(at <= c->n);
    c->n = at + 1U;
    c->written = now;
    c->sizes[at] = 0;
    pthread_mutex_unlock(&ring->lock);
    return c->data[at];
}

void gs_retransmit_publish(struct gs_retransmit *ring, uint16_t seq, size_t size)
{
    uint16_t *at;
    uint8_t *data;

    assert(size <= GS_RETRANSMIT_PACKET_SIZE);
    pthread_mutex_lock(&ring->lock);
    at = find(ring, seq, &data);
    assert(at);
    *at = (uint16_t)size;
    pthread_mutex_unlock(&ring->lock);
}

size_t gs_retransmit_copy(struct gs_retransmit *ring, uint16_t seq,
                          uint8_t out[GS_RETRANSMIT_PACKET_SIZE])
{
    uint16_t *at;
    uint8_t *data;
    size_t size;

    pthread_mutex_lock(&ring->lock);
    at = find(ring, seq, &data);
    size = at ? *at : 0;
    if (size)
        memcpy(out, data, size);
    pthread_mutex_unlock(&ring->lock);
    return size;
}

size_t gs_retransmit_memory(struct gs_retransmit *ring)
{
    size_t size;

    pthread_mutex_lock(&ring->lock);
    size = ring->n * sizeof(struct chunk);
    pthread_mutex_unlock(&ring->lock);
    return size;
}
