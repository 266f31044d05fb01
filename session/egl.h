/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The session's own headless EGL display and GLES 3 context: the device platform of a GPU where
 * there is one (found by libdrm and EGL_EXT_device_enumeration), else Mesa's surfaceless platform.
 * Thread: the session's main thread; the context is current there from create to destroy.
 */
#pragma once

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/macros.h"

struct gs_egl {
    EGLDisplay display;
    EGLContext context;
    char renderer[128];   /* GL_RENDERER */
    char render_node[64]; /* "/dev/dri/renderD128"; "": no GPU draws, or nobody knows which */
    bool software;        /* llvmpipe, softpipe, swrast */
    bool dmabuf_import;   /* EGL_EXT_image_dma_buf_import(_modifiers), and not on software */
};

/* Whether there is a DRM render node that could be opened; cheap, loads no driver. ret_node (may be
 * NULL) gets its path. */
bool gs_egl_gpu_present(char *ret_node, size_t size);
/* All such nodes, divided by ", ", for g_free. NULL: there is none. */
char *gs_egl_gpu_names(void);
/* render_node, or a link to it: on that GPU and no other; NULL or "" chooses. 0, -ENODEV with a
 * line in the log that says what failed. */
int gs_egl_create(const char *render_node, struct gs_egl **ret) GS_MUST_CHECK;
void gs_egl_destroy(struct gs_egl *egl);
