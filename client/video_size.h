/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of a decoded picture is shown. Coded sizes are even; what is shown may be one pixel less
 * each way, as the host's welcome says and its VIDEO message, which holds from the next keyframe
 * on. That message and the picture come by different ways, in any order: a picture is matched with
 * what was announced last, or before that. Pure.
 */
#pragma once

#include <stdint.h>

#include "client/picture.h"

struct gs_size {
    uint32_t width, height;
};

struct gs_video_size {
    struct gs_size now, before; /* announced; 0×0: nothing */
};

void gs_video_size_announce(struct gs_video_size *v, uint32_t width, uint32_t height);
/* What is shown of a picture of that coded size: itself, when nothing that was announced fits. */
struct gs_size gs_video_size_shown(const struct gs_video_size *v, uint32_t width, uint32_t height);
