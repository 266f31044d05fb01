/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/dmabuf_egl.h"

#include <drm_fourcc.h>
#include <errno.h>

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
    n += gs_dmabuf_egl_planes(d, known && modifiers, a + n);
    a[n] = EGL_NONE;
    return 0;
}
