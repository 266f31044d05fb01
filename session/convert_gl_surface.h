/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An encoder's own picture as the target of the GL converter. A GLES 3 context must be current. */
#pragma once

#include "common/macros.h"
#include "encoder/encoder.h"
#include "session/gl.h"

struct gs_egl;

/* Luma (R8) and chroma (RG8, half the size) that the converter draws into. */
struct gs_gl_targets {
    struct gs_gl_target luma, chroma;
};

/* Makes `targets` (which are complete, and of the encoder's size) those of the encoder's surface,
 * and proves it: a test picture is drawn, handed over and encoded. 0; -errno with the reason in
 * why, and all as before. */
int gs_gl_surface_attach(struct gs_gl_targets *targets, const struct gs_egl *egl,
                         struct gs_encoder *enc, const struct gs_encoder_surface *surface,
                         char *why, size_t why_size) GS_MUST_CHECK;
/* What was drawn into attached targets is the encoder's: the GPU is done with it, or will be before
 * the encoder reads it. */
int gs_gl_surface_submit(const struct gs_gl_targets *targets, struct gs_encoder *enc) GS_MUST_CHECK;
/* Before attached targets are deleted. */
void gs_gl_surface_detach(struct gs_encoder *enc);
