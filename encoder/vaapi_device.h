/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VA-API devices: finding one, what its driver encodes H.264 with, and a surface for others to draw
 * into (va/va.h, va/va_drmcommon.h). Thread: the encoder's. */
#pragma once

#include <libavutil/buffer.h>
#include <stdbool.h>
#include <stdint.h>
#include <va/va.h>
#include <va/va_drmcommon.h>

#include "common/macros.h"
#include "encoder/encoder.h"

/* Opens the render node (""; the environment's GPUSHARE_RENDER_NODE or the first one that can be
 * opened). 0 with a device of libavutil's, or -errno after gs_encoder_refuse. */
int gs_va_open(const char *node, AVBufferRef **ret) GS_MUST_CHECK;
VADisplay gs_va_display(AVBufferRef *device);

/* One way in which a driver encodes H.264. */
struct gs_va_way {
    bool low_power;      /* the fixed-function one (VAEntrypointEncSliceLP) */
    uint32_t rate_modes; /* VA_RC_ bits */
    bool roi;            /* takes regions of other quality */
};
#define GS_VA_WAYS 2

/* The ways of the device, best first. Their number, or -errno after gs_encoder_refuse. */
int gs_va_ways(AVBufferRef *device, struct gs_va_way ret[static GS_VA_WAYS]) GS_MUST_CHECK;

/* Exports an NV12 surface's planes. What it holds is closed by gs_va_unexport. */
int gs_va_export(VADisplay display, VASurfaceID surface, VADRMPRIMESurfaceDescriptor *ret_held,
                 struct gs_encoder_surface *ret) GS_MUST_CHECK;
void gs_va_unexport(VADRMPRIMESurfaceDescriptor *held);
