/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GPU buffers as EGL images (EGL_EXT_image_dma_buf_import, _modifiers). Thread: the one on which
 * the context is current. */
#pragma once

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <stdint.h>

#include "session/egl.h"
#include "session/scene.h"

/* EGL_NO_IMAGE_KHR when the driver refuses it, or cannot import at all. The caller destroys it. */
EGLImageKHR gs_dmabuf_import(const struct gs_egl *egl, const struct gs_dmabuf *d, uint32_t width,
                             uint32_t height);
/* What holds on to the image, such as a texture, keeps the buffer. */
void gs_dmabuf_destroy_image(const struct gs_egl *egl, EGLImageKHR image);
