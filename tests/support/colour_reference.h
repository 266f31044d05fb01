/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a scene has to look like, worked out plainly in double precision, one pixel after the other:
 * the oracle of the converters' tests.
 */
#pragma once

#include "common/nv12.h"
#include "session/scene.h"

/* Composes scene (memory layers only) and converts it. Scaled layers are sampled bilinearly, buffer
 * edges are continued, and so is the output to the even sides of pic. */
void gs_reference_convert(const struct gs_scene *scene, struct gs_nv12 *pic);
/* The largest difference of two pictures of the same size, luma and chroma. */
unsigned gs_reference_difference(const struct gs_nv12 *a, const struct gs_nv12 *b);
