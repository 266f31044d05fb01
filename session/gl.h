/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small helpers over GLES 3. A context must be current. */
#pragma once

#include <GLES3/gl3.h>
#include <stddef.h>
#include <stdint.h>

#include "common/macros.h"

/* Program of two GLSL sources. 0, or -EIO with the compiler's words in why. */
int gs_gl_program_create(const char *vertex, const char *fragment, GLuint *ret, char *why,
                         size_t why_size) GS_MUST_CHECK;
/* A texture of its own and a framebuffer that draws into it. 0, or -EIO with the reason in why. */
struct gs_gl_target {
    GLuint texture, framebuffer;
};
int gs_gl_target_init(struct gs_gl_target *t, GLenum format, uint32_t width, uint32_t height,
                      char *why, size_t why_size) GS_MUST_CHECK;
void gs_gl_target_finish(struct gs_gl_target *t);
/* Empties the error queue. 0, or -EIO with the last error in the log. */
int gs_gl_check(const char *where) GS_MUST_CHECK;
