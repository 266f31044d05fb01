/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a source shows at one moment: a stack of rectangles of pixels, and where it changed since
 * the last capture. Made by a source, read by a converter, on the session's main thread; valid
 * during one call.
 */
#pragma once

#include <pixman.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/dmabuf.h"

struct gs_layer {
    uint64_t surface_id;    /* the same surface has the same id as long as it lives */
    uint32_t width, height; /* of the buffer, pixels */
    uint32_t format;        /* DRM_FORMAT_ARGB8888, XRGB8888, ABGR8888 or XBGR8888; premultiplied */
    bool opaque;            /* every pixel covers what is below */
    double src_x, src_y, src_width, src_height; /* part of the buffer that is shown, pixels */
    int32_t x, y;                               /* where, in output pixels */
    uint32_t dst_width, dst_height;             /* how large it is shown there */
    unsigned transform; /* enum wl_output_transform: how the buffer was turned; 0: not */
    /* Buffer pixels changed since the last capture in which this surface was shown. */
    pixman_region32_t *damage;
    const struct gs_dmabuf *dmabuf; /* NULL: the pixels are in memory */
    /* Memory: begin gives the pixels (false: they are gone, skip the layer); at most one layer is
     * open at a time (libwayland guards one pool per thread); end closes it. */
    bool (*begin)(const struct gs_layer *layer, const void **data, uint32_t *stride);
    void (*end)(const struct gs_layer *layer);
    void *user;
};

struct gs_scene {
    uint32_t width, height; /* of the output */
    unsigned n_layers;      /* bottom first; black below all */
    const struct gs_layer *layers;
    const pixman_region32_t *damage; /* output pixels changed since the last capture */
};
