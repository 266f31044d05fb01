/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/picture.h"

#include <errno.h>
#include <glib.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define ALIGN 64
#define POOL_IDLE 3 /* on the screen, waiting, being decoded: no more come back at once */

struct gs_picture *gs_picture_create(uint32_t width, uint32_t height,
                                     const struct gs_picture_info *info,
                                     const struct gs_picture_owner *ops, void *owner)
{
    struct gs_picture *pic = g_new0(struct gs_picture, 1);

    pic->width = width;
    pic->height = height;
    pic->info = *info;
    pic->ops = ops;
    pic->owner = owner;
    atomic_init(&pic->refs, 1);
    return pic;
}

static size_t align(size_t n)
{
    return (n + ALIGN - 1) / ALIGN * ALIGN;
}

/* ---- memory ---- */

struct memory {
    struct gs_picture_pool *pool; /* NULL: none */
    uint8_t *bytes;
    size_t size;
};

struct gs_picture_pool {
    _Atomic int refs; /* the creator's and one for each picture */
    pthread_mutex_t lock;
    struct memory *idle[POOL_IDLE];
    unsigned n;
};

struct gs_picture_pool *gs_picture_pool_create(void)
{
    struct gs_picture_pool *pool = g_new0(struct gs_picture_pool, 1);

    atomic_init(&pool->refs, 1);
    pthread_mutex_init(&pool->lock, NULL);
    return pool;
}

static void free_memory(struct memory *m)
{
    free(m->bytes);
    g_free(m);
}

void gs_picture_pool_unref(struct gs_picture_pool *pool)
{
    if (!pool || atomic_fetch_sub_explicit(&pool->refs, 1, memory_order_acq_rel) > 1)
        return;
    while (pool->n > 0)
        free_memory(pool->idle[--pool->n]);
    pthread_mutex_destroy(&pool->lock);
    g_free(pool);
}

static struct memory *take_idle(struct gs_picture_pool *pool)
{
    struct memory *m = NULL;

    pthread_mutex_lock(&pool->lock);
    if (pool->n > 0)
        m = pool->idle[--pool->n];
    pthread_mutex_unlock(&pool->lock);
    return m;
}

static struct memory *take_memory(struct gs_picture_pool *pool, size_t size)
{
    struct memory *m = pool ? take_idle(pool) : NULL;

    if (m && m->size != size)
        g_clear_pointer(&m, free_memory);
    if (!m) {
        m = g_new0(struct memory, 1);
        m->size = size;
        m->bytes = aligned_alloc(ALIGN, size);
    }
    if (!m->bytes)
        g_clear_pointer(&m, free_memory);
    if (m && pool)
        atomic_fetch_add_explicit(&pool->refs, 1, memory_order_relaxed);
    if (m)
        m->pool = pool;
    return m;
}

static void release_memory(void *owner)
{
    struct memory *m = owner;
    struct gs_picture_pool *pool = m->pool;

    if (pool) {
        pthread_mutex_lock(&pool->lock);
        if (pool->n < POOL_IDLE)
            pool->idle[pool->n++] = g_steal_pointer(&m);
        pthread_mutex_unlock(&pool->lock);
    }
    if (m)
        free_memory(m);
    gs_picture_pool_unref(pool);
}

static const struct gs_picture_owner memory_owner = {.release = release_memory};

struct gs_picture *gs_picture_alloc(struct gs_picture_pool *pool, enum gs_picture_format format,
                                    uint32_t width, uint32_t height,
                                    const struct gs_picture_info *info)
{
    size_t stride = align(width), half = align(((size_t)width + 1) / 2);
    size_t rows = ((size_t)height + 1) / 2, chroma = format == GS_PICTURE_NV12 ? stride : half;
    struct memory *m = take_memory(pool, stride * height + 2 * chroma * rows);
    struct gs_picture *pic;

    if (!m)
        return NULL;
    pic = gs_picture_create(width, height, info, &memory_owner, m);
    pic->pixels = (struct gs_picture_pixels){
        .format = format,
        .data = {m->bytes, m->bytes + stride * height},
        .stride = {(int)stride, (int)chroma},
    };
    if (format == GS_PICTURE_I420) {
        pic->pixels.data[2] = pic->pixels.data[1] + half * rows;
        pic->pixels.stride[2] = (int)half;
    }
    return pic;
}

/* ---- looking ---- */

int gs_picture_map(struct gs_picture *pic)
{
    if (pic->pixels.data[0])
        return 0;
    return pic->ops->download ? pic->ops->download(pic->owner, &pic->pixels) : -ENOTSUP;
}

uint32_t gs_picture_rows(const struct gs_picture *pic, int i)
{
    return i == 0 ? pic->height : (pic->height + 1) / 2;
}

uint32_t gs_picture_row_size(const struct gs_picture *pic, int i)
{
    uint32_t half = (pic->width + 1) / 2;

    if (i == 0)
        return pic->width;
    if (pic->pixels.format == GS_PICTURE_NV12)
        return i == 1 ? 2 * half : 0;
    return half;
}

void gs_picture_crop(struct gs_picture *pic, uint32_t width, uint32_t height)
{
    pic->width = GS_MIN(pic->width, width);
    pic->height = GS_MIN(pic->height, height);
}

struct gs_picture *gs_picture_ref(struct gs_picture *pic)
{
    atomic_fetch_add_explicit(&pic->refs, 1, memory_order_relaxed);
    return pic;
}

void gs_picture_unref(struct gs_picture *pic)
{
    if (!pic || atomic_fetch_sub_explicit(&pic->refs, 1, memory_order_acq_rel) > 1)
        return;
    pic->ops->release(pic->owner);
    g_free(pic);
}
