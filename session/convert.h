/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Converters: a scene of RGB layers becomes one NV12 picture (BT.709 limited range, chroma sited
 * left). Thread: the session's main thread.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/macros.h"
#include "common/nv12.h"
#include "encoder/encoder.h"
#include "session/scene.h"

struct gs_converter;
struct gs_egl;

struct gs_converter_impl {
    const char *name;
    /* egl may be NULL. 0, or -errno with the reason for the log. */
    int (*open)(struct gs_egl *egl, uint32_t width, uint32_t height, struct gs_converter **ret,
                char *why, size_t why_size);
    int (*convert)(struct gs_converter *conv, const struct gs_scene *scene, struct gs_nv12 *pic);
    /* optional; as gs_converter_attach. surface: of enc. */
    int (*attach)(struct gs_converter *conv, struct gs_encoder *enc,
                  const struct gs_encoder_surface *surface, char *why, size_t why_size);
    uint64_t (*gpu_ns)(struct gs_converter *conv); /* optional; as gs_converter_gpu_ns */
    void (*close)(struct gs_converter *conv);      /* frees conv; takes half-built ones */
};

/* First member of every implementation's own struct. */
struct gs_converter {
    const struct gs_converter_impl *impl;
    uint32_t width, height;
    char why[256];
    struct gs_encoder *surface_of; /* draws into this encoder's surface; NULL: into memory */
};

/* NULL at the end. */
extern const struct gs_converter_impl *const gs_converter_impls[];

/* name NULL or "": "gl" where egl is a hardware renderer, else "cpu". width, height: of the output;
 * where they are odd the picture is larger by one (gs_nv12_side) and repeats the last one.
 * 0; -ENOENT unknown name; -EINVAL a size that can't be; or what open returned. */
int gs_converter_create(const char *name, struct gs_egl *egl, uint32_t width, uint32_t height,
                        struct gs_converter **ret) GS_MUST_CHECK;
void gs_converter_destroy(struct gs_converter *conv);
/* From now on the converter draws straight into the encoder's surface, which must outlive it.
 * -ENOTSUP or another error, with a line in the log: one of the two can't; go on with memory. */
int gs_converter_attach(struct gs_converter *conv, struct gs_encoder *enc) GS_MUST_CHECK;
/* Brings pic up to date where scene->damage says. The caller passes the same pic, unchanged, in
 * every call (or full damage); NULL once attached. Layers with a size or format that can't be are
 * skipped. */
int gs_converter_convert(struct gs_converter *conv, const struct gs_scene *scene,
                         struct gs_nv12 *pic) GS_MUST_CHECK;
/* GPU time of its passes that became known since the last call: a picture's own comes with a later
 * one, where the driver measures it at all. Of a software renderer it means nothing. */
uint64_t gs_converter_gpu_ns(struct gs_converter *conv);
