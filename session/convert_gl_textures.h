/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The textures behind the layers: copies of surfaces in memory, kept up to date by damage, and
 * imported GPU buffers. A GLES 3 context must be current.
 */
#pragma once

#include <GLES3/gl3.h>

#include "common/macros.h"
#include "session/view.h"

struct gs_egl;
struct gs_gl_textures;

/* egl is borrowed and outlives the result. */
struct gs_gl_textures *gs_gl_textures_create(struct gs_egl *egl);
void gs_gl_textures_destroy(struct gs_gl_textures *t);
/* The texture with the view's present pixels, R G B A to the sampler; rows from the top. 0: the
 * pixels can't be had. Valid until gs_gl_textures_sweep. */
GLuint gs_gl_textures_get(struct gs_gl_textures *t, const struct gs_view *view);
/* Ends a capture: surfaces that were not asked for in it are forgotten, since their later damage
 * will not be told; GPU buffers when they have not been seen for a while. failed: copies may lack
 * damage, all are forgotten. */
void gs_gl_textures_sweep(struct gs_gl_textures *t, bool failed);
