/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A dma-buf as attributes of eglCreateImageKHR (EGL_EXT_image_dma_buf_import, and _modifiers).
 * Pure.
 */
#pragma once

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/egl_words.h"
#include "common/macros.h"

#define GS_DMABUF_EGL_ATTRIBUTES (6 + 10 * GS_DMABUF_PLANES + 1)

/* modifiers: the display takes them. 0; -ENOTSUP: it can't be said without them; -EINVAL: no planes
 * or no size. */
int gs_dmabuf_egl_attributes(const struct gs_dmabuf *d, uint32_t width, uint32_t height,
                             bool modifiers, EGLint ret[GS_DMABUF_EGL_ATTRIBUTES]) GS_MUST_CHECK;
