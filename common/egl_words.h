/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What both ends say to EGL and read from it: the planes of a dma-buf as attributes of
 * eglCreateImageKHR (EGL_EXT_image_dma_buf_import, and _modifiers), and lists of extensions. Pure;
 * calls no EGL. */
#pragma once

#include <EGL/egl.h>
#include <stdbool.h>

#include "common/dmabuf.h"

#define GS_DMABUF_EGL_PLANES (10 * GS_DMABUF_PLANES)

/* modifier: say it. How many were written, at most GS_DMABUF_EGL_PLANES, without an end. d has at
 * most GS_DMABUF_PLANES planes. */
unsigned gs_dmabuf_egl_planes(const struct gs_dmabuf *d, bool modifier, EGLint *ret);
/* Whether a list of extensions, divided by blanks, has one of that very name. NULL: an empty list.
 */
bool gs_egl_list_has(const char *list, const char *name);
