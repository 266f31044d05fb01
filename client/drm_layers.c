/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/drm_layers.h"

#include <drm_fourcc.h>
#include <errno.h>

/* Planes beyond the first are the compression data of a modifier and belong to the same image. */
static int take_planes(const AVDRMFrameDescriptor *desc, const AVDRMPlaneDescriptor *planes, int n,
                       struct gs_dmabuf *ret)
{
    if (n < 1 || n > GS_DMABUF_PLANES)
        return -EBADMSG;
    for (int i = 0; i < n; i++) {
        const AVDRMPlaneDescriptor *p = &planes[i];

        if (p->object_index < 0 || p->object_index >= desc->nb_objects || p->offset < 0 ||
            p->pitch <= 0 || p->offset > UINT32_MAX || p->pitch > UINT32_MAX)
            return -EBADMSG;
        ret->fd[i] = desc->objects[p->object_index].fd;
        ret->offset[i] = (uint32_t)p->offset;
        ret->stride[i] = (uint32_t)p->pitch;
    }
    ret->n_planes = (unsigned)n;
    ret->modifier = desc->objects[planes[0].object_index].format_modifier;
    return 0;
}

int gs_drm_layers_split(const AVDRMFrameDescriptor *desc, uint64_t buffer_id,
                        struct gs_picture_gpu *ret)
{
    struct gs_picture_gpu gpu = {
        .luma = {.format = DRM_FORMAT_R8, .buffer_id = buffer_id},
        .chroma = {.format = DRM_FORMAT_GR88, .buffer_id = buffer_id},
    };
    const AVDRMLayerDescriptor *layers = desc->layers;
    int err;

    if (desc->nb_layers == 2 && layers[0].format == DRM_FORMAT_R8 &&
        (layers[1].format == DRM_FORMAT_GR88 || layers[1].format == DRM_FORMAT_RG88)) {
        gpu.chroma.format = layers[1].format;
        err = take_planes(desc, layers[0].planes, layers[0].nb_planes, &gpu.luma);
        if (!err)
            err = take_planes(desc, layers[1].planes, layers[1].nb_planes, &gpu.chroma);
    } else if (desc->nb_layers == 1 && layers[0].format == DRM_FORMAT_NV12 &&
               layers[0].nb_planes == 2) {
        err = take_planes(desc, &layers[0].planes[0], 1, &gpu.luma);
        if (!err)
            err = take_planes(desc, &layers[0].planes[1], 1, &gpu.chroma);
    } else {
        return -ENOTSUP;
    }
    if (!err)
        *ret = gpu;
    return err;
}
