/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/dmabuf.h"

#include <drm_fourcc.h>

static const EGLint plane_names[GS_DMABUF_PLANES][5] = {
    {EGL_DMA_BUF_PLANE0_FD_EXT, EGL_DMA_BUF_PLANE0_OFFSET_EXT, EGL_DMA_BUF_PLANE0_PITCH_EXT,
     EGL_DMA_BUF_PLANE0_MODIFIER_LO_EXT, EGL_DMA_BUF_PLANE0_MODIFIER_HI_EXT},
    {EGL_DMA_BUF_PLANE1_FD_EXT, EGL_DMA_BUF_PLANE1_OFFSET_EXT, EGL_DMA_BUF_PLANE1_PITCH_EXT,
     EGL_DMA_BUF_PLANE1_MODIFIER_LO_EXT, EGL_DMA_BUF_PLANE1_MODIFIER_HI_EXT},
    {EGL_DMA_BUF_PLANE2_FD_EXT, EGL_DMA_BUF_PLANE2_OFFSET_EXT, EGL_DMA_BUF_PLANE2_PITCH_EXT,
     EGL_DMA_BUF_PLANE2_MODIFIER_LO_EXT, EGL_DMA_BUF_PLANE2_MODIFIER_HI_EXT},
    {EGL_DMA_BUF_PLANE3_FD_EXT, EGL_DMA_BUF_PLANE3_OFFSET_EXT, EGL_DMA_BUF_PLANE3_PITCH_EXT,
     EGL_DMA_BUF_PLANE3_MODIFIER_LO_EXT, EGL_DMA_BUF_PLANE3_MODIFIER_HI_EXT},
};

EGLImageKHR gs_dmabuf_import(const struct gs_egl *egl, const struct gs_dmabuf *d, uint32_t width,
                             uint32_t height)
{
    PFNEGLCREATEIMAGEKHRPROC create =
        (PFNEGLCREATEIMAGEKHRPROC)(void (*)(void))eglGetProcAddress("eglCreateImageKHR");
    EGLint a[8 + 10 * GS_DMABUF_PLANES + 1];
    unsigned n = 0;

    if (!create || !egl->dmabuf_import || d->n_planes < 1 || d->n_planes > GS_DMABUF_PLANES)
        return EGL_NO_IMAGE_KHR;
    a[n++] = EGL_WIDTH, a[n++] = (EGLint)width;
    a[n++] = EGL_HEIGHT, a[n++] = (EGLint)height;
    a[n++] = EGL_LINUX_DRM_FOURCC_EXT, a[n++] = (EGLint)d->format;
    a[n++] = EGL_IMAGE_PRESERVED_KHR, a[n++] = EGL_TRUE;
    for (unsigned i = 0; i < d->n_planes; i++) {
        const EGLint *name = plane_names[i];

        a[n++] = name[0], a[n++] = d->fd[i];
        a[n++] = name[1], a[n++] = (EGLint)d->offset[i];
        a[n++] = name[2], a[n++] = (EGLint)d->stride[i];
        if (d->modifier != DRM_FORMAT_MOD_INVALID) {
            a[n++] = name[3], a[n++] = (EGLint)(uint32_t)d->modifier;
            a[n++] = name[4], a[n++] = (EGLint)(uint32_t)(d->modifier >> 32);
        }
    }
    a[n] = EGL_NONE;
    return create(egl->display, EGL_NO_CONTEXT, EGL_LINUX_DMA_BUF_EXT, NULL, a);
}

void gs_dmabuf_destroy_image(const struct gs_egl *egl, EGLImageKHR image)
{
    PFNEGLDESTROYIMAGEKHRPROC destroy =
        (PFNEGLDESTROYIMAGEKHRPROC)(void (*)(void))eglGetProcAddress("eglDestroyImageKHR");

    if (destroy)
        destroy(egl->display, image);
}
