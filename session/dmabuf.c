/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/dmabuf.h"

#include <drm_fourcc.h>

#include "common/egl_words.h"
#include "common/macros.h"

static bool has_format(uint32_t format, const EGLint *formats, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if ((uint32_t)formats[i] == format)
            return true;
    return false;
}

unsigned gs_dmabuf_choose(uint32_t format, const EGLint *formats, unsigned n_formats,
                          const EGLuint64KHR *modifiers, const EGLBoolean *external,
                          unsigned n_modifiers, uint64_t ret[static GS_DMABUF_MODIFIERS + 1])
{
    unsigned n = 0;

    if (!has_format(format, formats, n_formats))
        return 0;
    for (unsigned i = 0; i < GS_MIN(n_modifiers, GS_DMABUF_MODIFIERS); i++)
        if (!external[i] && modifiers[i] != DRM_FORMAT_MOD_INVALID)
            ret[n++] = modifiers[i];
    /* A driver that names no modifiers knows the unnamed one. One that names only those of external
     * textures has it external too. */
    if (n || !n_modifiers)
        ret[n++] = DRM_FORMAT_MOD_INVALID;
    return n;
}

unsigned gs_dmabuf_modifiers(const struct gs_egl *egl, uint32_t format,
                             uint64_t ret[static GS_DMABUF_MODIFIERS + 1])
{
    PFNEGLQUERYDMABUFFORMATSEXTPROC query_formats = (PFNEGLQUERYDMABUFFORMATSEXTPROC)(void (*)(
        void))eglGetProcAddress("eglQueryDmaBufFormatsEXT");
    PFNEGLQUERYDMABUFMODIFIERSEXTPROC query_modifiers =
        (PFNEGLQUERYDMABUFMODIFIERSEXTPROC)(void (*)(void))eglGetProcAddress(
            "eglQueryDmaBufModifiersEXT");
    EGLint formats[GS_DMABUF_MODIFIERS], n_formats = 0, n = 0;
    EGLuint64KHR modifiers[GS_DMABUF_MODIFIERS];
    EGLBoolean external[GS_DMABUF_MODIFIERS];

    if (!egl->dmabuf_import || !query_formats || !query_modifiers ||
        !query_formats(egl->display, GS_DMABUF_MODIFIERS, formats, &n_formats))
        return 0;
    if (!query_modifiers(egl->display, (EGLint)format, GS_DMABUF_MODIFIERS, modifiers, external,
                         &n))
        n = 0;
    return gs_dmabuf_choose(format, formats, (unsigned)n_formats, modifiers, external, (unsigned)n,
                            ret);
}

bool gs_dmabuf_supported(const struct gs_egl *egl, uint32_t format, uint64_t modifier)
{
    uint64_t all[GS_DMABUF_MODIFIERS + 1];
    unsigned n = gs_dmabuf_modifiers(egl, format, all);

    for (unsigned i = 0; i < n; i++)
        if (all[i] == modifier)
            return true;
    return false;
}

void gs_dmabuf_attributes(const struct gs_dmabuf *d, uint32_t width, uint32_t height,
                          EGLint ret[static GS_DMABUF_ATTRIBUTES])
{
    unsigned n = 0;

    ret[n++] = EGL_WIDTH, ret[n++] = (EGLint)width;
    ret[n++] = EGL_HEIGHT, ret[n++] = (EGLint)height;
    ret[n++] = EGL_LINUX_DRM_FOURCC_EXT, ret[n++] = (EGLint)d->format;
    ret[n++] = EGL_IMAGE_PRESERVED_KHR, ret[n++] = EGL_TRUE;
    n += gs_dmabuf_egl_planes(d, d->modifier != DRM_FORMAT_MOD_INVALID, ret + n);
    ret[n] = EGL_NONE;
}

EGLImageKHR gs_dmabuf_import(const struct gs_egl *egl, const struct gs_dmabuf *d, uint32_t width,
                             uint32_t height)
{
    PFNEGLCREATEIMAGEKHRPROC create =
        (PFNEGLCREATEIMAGEKHRPROC)(void (*)(void))eglGetProcAddress("eglCreateImageKHR");
    EGLint attributes[GS_DMABUF_ATTRIBUTES];

    if (!create || !egl->dmabuf_import || d->n_planes < 1 || d->n_planes > GS_DMABUF_PLANES)
        return EGL_NO_IMAGE_KHR;
    gs_dmabuf_attributes(d, width, height, attributes);
    return create(egl->display, EGL_NO_CONTEXT, EGL_LINUX_DMA_BUF_EXT, NULL, attributes);
}

void gs_dmabuf_destroy_image(const struct gs_egl *egl, EGLImageKHR image)
{
    PFNEGLDESTROYIMAGEKHRPROC destroy =
        (PFNEGLDESTROYIMAGEKHRPROC)(void (*)(void))eglGetProcAddress("eglDestroyImageKHR");

    if (destroy)
        destroy(egl->display, image);
}
