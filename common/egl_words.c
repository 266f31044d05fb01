/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/egl_words.h"

#include <EGL/eglext.h>
#include <stdint.h>
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

unsigned gs_dmabuf_egl_planes(const struct gs_dmabuf *d, bool modifier, EGLint *ret)
{
    unsigned n = 0;

    for (unsigned i = 0; i < d->n_planes; i++) {
        ret[n++] = names[i][0], ret[n++] = d->fd[i];
        ret[n++] = names[i][1], ret[n++] = (EGLint)d->offset[i];
        ret[n++] = names[i][2], ret[n++] = (EGLint)d->stride[i];
        if (modifier) {
            ret[n++] = names[i][3], ret[n++] = (EGLint)(uint32_t)d->modifier;
            ret[n++] = names[i][4], ret[n++] = (EGLint)(uint32_t)(d->modifier >> 32);
        }
    }
    return n;
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
