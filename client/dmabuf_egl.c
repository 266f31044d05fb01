/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/dmabuf_egl.h"

#include <drm_fourcc.h>
#include <errno.h>
#include <string.h>

static const EGLint names[GS_DMABUF_PLANES][5] = {
    {EGL_DMA_BUF_PLANE0_FD_EXT, EGL_DMA_BUF_PLANE0_OFFSET_EXT, EGL_DMA_BUF_PLANE0_PITCH_EXT,
     EGL_DMA_BUF_PLANE0_MODIFIER_LO_EXT, EGL_DMA_BUF_PLANE0_MODIFIER_HI_EXT},
    {EGL_DMA_BUF_PLANE1_FD_EXT, EGL_DMA_BUF_PLANE1_OFFSET_EXT, EGL_DMA_BUF_PLANE1_PITCH_EXT,
     EGL_DMA_BUF_PLANE1_MODIFIER_LO_EXT, EGL_DMA_BUF_PLANE1_MODIFIER_HI_EXT},
    {EGL_DMA_BUF_PLANE2_FD_EXT, EGL_DMA_BUF_PLANE2_OFFSET_EXT, EGL_DMA_BUF_PLANE2_PITCH_EXT,
     EGL_DMA_BUF_PLANE2_MODIFIER_LO_EXT, EGL_DMA_BUF_PLANE2_MODIFIER_HI_EXT},
    {EGL_DMA_BUF_PLANE3_FD_EXT, EGL_DMA_BUF_PLANE3_OFFSET_EXT, EGL_DMA_BUF_PLANE3_PITCH_EXT,
     EGL_DMA_BUF_PLANE3_MODIFIER_LO_EXT, EGL_DMA_BUF_PLANE3_MODIFIER_HI_EXT},
};

int gs_dmabuf_egl_attributes(const struct gs_dmabuf *d, uint32_t width, uint32_t height,
                             bool modifiers, EGLint a[GS_DMABUF_EGL_ATTRIBUTES])
{
    bool known = d->modifier != DRM_FORMAT_MOD_INVALID;
    unsigned n = 0;

    if (d->n_planes < 1 || d->n_planes > GS_DMABUF_PLANES || !width || !height)
        return -EINVAL;
    /* Without the extension the driver takes planes for linear, or for what it guesses. */
    if (known && !modifiers && (d->modifier != DRM_FORMAT_MOD_LINEAR || d->n_planes > 1))
        return -ENOTSUP;
    a[n++] = EGL_WIDTH, a[n++] = (EGLint)width;
    a[n++] = EGL_HEIGHT, a[n++] = (EGLint)height;
    a[n++] = EGL_LINUX_DRM_FOURCC_EXT, a[n++] = (EGLint)d->format;
    for (unsigned i = 0; i < d->n_planes; i++) {
        a[n++] = names[i][0], a[n++] = d->fd[i];
        a[n++] = names[i][1], a[n++] = (EGLint)d->offset[i];
        a[n++] = names[i][2], a[n++] = (EGLint)d->stride[i];
        if (known && modifiers) {
            a[n++] = names[i][3], a[n++] = (EGLint)(uint32_t)d->modifier;
            a[n++] = names[i][4], a[n++] = (EGLint)(uint32_t)(d->modifier >> 32);
        }
    }
    a[n] = EGL_NONE;
    return 0;
}

bool gs_egl_list_has(const char *list, const char *name)
{
    size_t length = strlen(name);

    while (list && *list) {
        size_t word = strcspn(list, " ");

        if (word == length && strncmp(list, name, length) == 0)
            return true;
        list += word + strspn(list + word, " ");
    }
    return false;
}
