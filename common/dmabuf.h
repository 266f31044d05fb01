/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A picture in a GPU's memory, as DRM describes it. Any thread. */
#pragma once

#include <stdint.h>

#define GS_DMABUF_PLANES 4

struct gs_dmabuf {
    uint64_t buffer_id; /* the same buffer has the same id as long as it lives; never reused */
    uint32_t format;    /* DRM fourcc */
    uint64_t modifier;
    unsigned n_planes;
    int fd[GS_DMABUF_PLANES]; /* borrowed */
    uint32_t offset[GS_DMABUF_PLANES], stride[GS_DMABUF_PLANES];
};
