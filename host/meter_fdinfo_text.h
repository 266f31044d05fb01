/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text of a DRM client in /proc/PID/fdinfo/FD, as far as it tells GPU time. Source: Linux,
 * Documentation/gpu/drm-usage-stats.rst. Pure.
 *
 * Counted are the engines that draw and compute, as drivers name them:
 *
 *   i915                render, compute            (not copy, video, video-enhance)
 *   xe                  rcs, ccs                   (not bcs, vcs, vecs)
 *   amdgpu              gfx, compute               (not dma, dec, enc, enc_1, jpeg, vpe)
 *   panfrost            fragment, vertex-tiler, compute-only
 *   panthor             panthor
 *   msm                 gpu
 *   v3d                 bin, render, csd           (not tfu, cache_clean, cpu)
 *   lima                gp, pp
 *   etnaviv             3D                         (also with others: 2D/3D)
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GS_FDINFO_ENGINES_MOST 8 /* that are counted */
#define GS_FDINFO_NAME_SIZE 32

struct gs_fdinfo_engine {
    char name[GS_FDINFO_NAME_SIZE];
    uint32_t capacity;     /* engines of that name; 1 … */
    bool has_time;         /* drm-engine-*: */
    uint64_t busy_ns;      /* together; may go back for a while */
    bool has_cycles;       /* drm-cycles-*, drm-total-cycles-*: */
    uint64_t cycles;       /* the same, in cycles */
    uint64_t total_cycles; /* that a clock of the GPU has counted, however busy it was */
};

struct gs_fdinfo {
    char driver[GS_FDINFO_NAME_SIZE];
    char device[GS_FDINFO_NAME_SIZE]; /* PCI address; "": it has none */
    bool has_client;
    uint64_t client;
    unsigned n_engines;
    struct gs_fdinfo_engine engines[GS_FDINFO_ENGINES_MOST];
};

/* text: size bytes, any. False: no DRM client, or one that can't be told from others. Lines that
 * make no sense are left out. */
bool gs_fdinfo_parse(const char *text, size_t size, struct gs_fdinfo *ret);
