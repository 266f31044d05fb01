/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a driver exports a decoded surface as (libavutil/hwcontext_drm.h), as the two images that a
 * shader samples. Pure. */
#pragma once

#include <libavutil/hwcontext_drm.h>

#include "client/picture.h"

/* Luma R8 and chroma GR88, whether the driver gave them as two layers or as one NV12. Sizes are the
 * caller's to fill; file descriptors stay the descriptor's. 0; -ENOTSUP: another layout; -EBADMSG:
 * it does not hold together. */
int gs_drm_layers_split(const AVDRMFrameDescriptor *desc, uint64_t buffer_id,
                        struct gs_picture_gpu *ret) GS_MUST_CHECK;
