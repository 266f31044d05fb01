/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A decoded picture on its way from the decoder to the presenter, reference counted. References:
 * any thread. The pixels of one that is in a GPU's memory: one thread at a time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/dmabuf.h"
#include "common/macros.h"

#define GS_PICTURE_MAX_SIDE 8192

/* What the host and the client wrote down about this frame. Client times are the client's
 * CLOCK_MONOTONIC, host times the host's, all in ns. */
struct gs_picture_info {
    uint32_t frame_id, input_id;
    uint64_t host_capture; /* commit, host clock */
    /* Stage times after the capture, ns: grant, convert start/end, encode start/end, first packet,
     * last packet. */
    uint64_t stages[7];
    uint64_t first_packet, complete; /* client clock: first packet arrived, frame whole */
    uint64_t decode_start, decoded, presented;
    uint32_t bytes;
};

enum gs_picture_format {
    GS_PICTURE_I420, /* planes Y, U, V */
    GS_PICTURE_NV12, /* planes Y, UV */
};

/* 4:2:0, 8 bits, BT.709. */
struct gs_picture_pixels {
    enum gs_picture_format format;
    bool full_range; /* else limited: 16…235 */
    const uint8_t *data[3];
    int stride[3]; /* bytes a row */
};

/* Luma (R8) and chroma (GR88) of one picture in a GPU's memory, as two images. */
struct gs_picture_gpu {
    struct gs_dmabuf luma, chroma;
    uint32_t width, height; /* of the luma; what is shown may be less */
    bool full_range;
};

struct gs_picture;
struct gs_picture_pool;

struct gs_picture_owner {
    /* Frees what the pixels are in, once. */
    void (*release)(void *owner);
    /* Copies a GPU picture into memory and fills ret, which lasts as long as the owner. NULL for
     * pictures that are in memory. */
    int (*download)(void *owner, struct gs_picture_pixels *ret);
};

struct gs_picture {
    uint32_t width, height;           /* of what is shown: the upper left part of the planes */
    struct gs_picture_pixels pixels;  /* data[0] NULL: not in memory, see gs_picture_map */
    const struct gs_picture_gpu *gpu; /* the owner's; NULL: not in a GPU's memory */
    struct gs_picture_info info;
    const struct gs_picture_owner *ops;
    void *owner;
    _Atomic int refs;
};

/* Of width × height pixels that belong to owner, which is freed by ops with the last reference. The
 * caller fills pixels or gpu. */
struct gs_picture *gs_picture_create(uint32_t width, uint32_t height,
                                     const struct gs_picture_info *info,
                                     const struct gs_picture_owner *ops, void *owner);
/* In memory of its own, rows 64 bytes aligned, content undefined. pool: takes the memory from there
 * and gives it back; may be NULL. NULL: no memory. */
struct gs_picture *gs_picture_alloc(struct gs_picture_pool *pool, enum gs_picture_format format,
                                    uint32_t width, uint32_t height,
                                    const struct gs_picture_info *info);
/* Memory of pictures that are gone, for the next ones: freed and taken anew for every picture, by
 * two threads, it would make holes many times its size. Any thread. */
struct gs_picture_pool *gs_picture_pool_create(void);
/* Accepts NULL. Its pictures live on. */
void gs_picture_pool_unref(struct gs_picture_pool *pool);
/* Sees to it that the pixels are in memory. 0, -errno (the GPU does not give them back). */
int gs_picture_map(struct gs_picture *pic) GS_MUST_CHECK;
/* The rows that are shown of plane i, and the bytes of each. */
uint32_t gs_picture_rows(const struct gs_picture *pic, int i);
uint32_t gs_picture_row_size(const struct gs_picture *pic, int i);
/* Shows less than was coded: the size that the host announced. Ignored where it is more. */
void gs_picture_crop(struct gs_picture *pic, uint32_t width, uint32_t height);
struct gs_picture *gs_picture_ref(struct gs_picture *pic);
/* Accepts NULL. */
void gs_picture_unref(struct gs_picture *pic);
