/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GPU buffers as EGL images (EGL_EXT_image_dma_buf_import, _modifiers). Thread: the one on which
 * the context is current. */
#pragma once

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <stdbool.h>
#include <stdint.h>

#include "session/egl.h"
#include "session/scene.h"

/* The most modifiers of one format that are looked at. */
#define GS_DMABUF_MODIFIERS 256

/* What a driver reports of one format, chosen from. Pure: the answers of the driver are arguments.
 * Writes the modifiers of which ordinary 2D textures are made (DRM_FORMAT_MOD_INVALID, the
 * unnamed one, is among them where any is) and returns their number, 0: the format cannot be used.
 */
unsigned gs_dmabuf_choose(uint32_t format, const EGLint *formats, unsigned n_formats,
                          const EGLuint64KHR *modifiers, const EGLBoolean *external,
                          unsigned n_modifiers, uint64_t ret[static GS_DMABUF_MODIFIERS + 1]);
/* The same, asking the driver; 0 also where it cannot import. */
unsigned gs_dmabuf_modifiers(const struct gs_egl *egl, uint32_t format,
                             uint64_t ret[static GS_DMABUF_MODIFIERS + 1]);
/* Whether buffers of this kind are worth an import. */
bool gs_dmabuf_supported(const struct gs_egl *egl, uint32_t format, uint64_t modifier);

#define GS_DMABUF_ATTRIBUTES (8 + 10 * GS_DMABUF_PLANES + 1)

/* What eglCreateImageKHR is told of a buffer of 1 … GS_DMABUF_PLANES planes. Pure. */
void gs_dmabuf_attributes(const struct gs_dmabuf *d, uint32_t width, uint32_t height,
                          EGLint ret[static GS_DMABUF_ATTRIBUTES]);
/* EGL_NO_IMAGE_KHR when the driver refuses it, or cannot import at all. The caller destroys it. */
EGLImageKHR gs_dmabuf_import(const struct gs_egl *egl, const struct gs_dmabuf *d, uint32_t width,
                             uint32_t height);
/* What holds on to the image, such as a texture, keeps the buffer. */
void gs_dmabuf_destroy_image(const struct gs_egl *egl, EGLImageKHR image);
