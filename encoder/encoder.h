/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * H.264 encoders behind one face. One frame in flight, no reordering, no delay: every call of
 * encode returns the packet of the picture that it was given.
 *
 * Thread: an encoder belongs to one thread at a time; creating it on one and then using it on
 * another is fine.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/dmabuf.h"
#include "common/macros.h"
#include "common/nv12.h"
#include "common/proto.h"

#define GS_ENCODER_MAX_KBPS GS_KBPS_MAX

struct gs_encoder;

struct gs_encoder_params {
    uint32_t width, height; /* even, 64 … 8192 */
    uint32_t fps;           /* ceiling, for the rate buffer */
    uint32_t max_kbps;      /* 0: no limit */
    uint32_t quality;       /* constant rate factor (H.264 QP scale), 0: default */
    uint32_t threads;       /* 0: choose */
    uint32_t effort;        /* 0: fastest, 1, 2: fewer bits at the same quality for more time, the
                             * receiver's as well, where it is so from the beginning */
    /* Pictures that stay as references, up to 4; 0: as few as are needed. gs_encoder_invalidate
     * finds one as long as fewer than these are lost. Each takes memory: 5.7 bytes a pixel in x264.
     * A hint: others have one. */
    uint32_t kept;
    char device[64]; /* DRM render node for hardware, "": the first that works, or what the
                      * environment's GPUSHARE_RENDER_NODE says */
};

struct gs_encode_options {
    bool idr;          /* make this picture an IDR (the first always is) */
    uint32_t frame_id; /* names the picture for gs_encoder_invalidate; 0: nameless */
    uint32_t quality;  /* as in the parameters, for this picture alone; 0: theirs. A hint. */
};

struct gs_packet {
    const uint8_t *data; /* Annex B access unit; the encoder's, until the next call on it */
    size_t size;
    bool keyframe;    /* IDR; SPS and PPS come first in it */
    uint32_t quality; /* that it got (QP scale): a limit may not leave what was asked; 0: unknown */
};

/* The encoder's own input picture in the GPU's memory, for a converter to draw into: then nothing
 * is copied by a processor. */
enum gs_surface_kind {
    GS_SURFACE_DMABUF,  /* import luma and chroma, draw, and finish the GPU's work */
    GS_SURFACE_TEXTURE, /* draw into textures of one's own, then gs_encoder_load_textures */
};

struct gs_encoder_surface {
    enum gs_surface_kind kind;
    /* DMABUF: R8, and GR88 of half the size. Valid as long as the encoder; the size may be larger
     * than the picture (alignment). */
    struct gs_dmabuf luma, chroma;
};

struct gs_encoder_impl {
    const char *name;
    /* 0: this machine has it. -errno otherwise, with the reason written for the log; -ENODEV where
     * there is no such hardware. Cheap; opens no device. optional: always there. */
    int (*probe)(char *why, size_t why_size);
    int (*open)(const struct gs_encoder_params *p, struct gs_encoder **ret);
    int (*encode)(struct gs_encoder *enc, const struct gs_nv12 *pic,
                  const struct gs_encode_options *options, struct gs_packet *ret);
    int (*surface)(struct gs_encoder *enc, struct gs_encoder_surface *ret);       /* optional */
    int (*load_textures)(struct gs_encoder *enc, uint32_t luma, uint32_t chroma); /* optional */
    int (*invalidate)(struct gs_encoder *enc, uint32_t frame_id);                 /* optional */
    int (*set_effort)(struct gs_encoder *enc, uint32_t effort);                   /* optional */
    int (*set_rate)(struct gs_encoder *enc, uint32_t max_kbps); /* optional: -ENOTSUP */
    void (*close)(struct gs_encoder *enc); /* frees enc; takes half-built ones */
};

/* First member of every implementation's own struct. */
struct gs_encoder {
    const struct gs_encoder_impl *impl;
    struct gs_encoder_params params;
    char why[256]; /* why this one was chosen, what refused before it */
    bool spilled;  /* it is software, though there is hardware; why says the reasons */
    bool started;  /* a picture of the caller's went in */
};

/* All that were built in, best first, NULL at the end. "null" is last and never chosen by itself.
 */
extern const struct gs_encoder_impl *const gs_encoder_impls[];

/* name: NULL, "" or "auto" walks the ladder: each is probed, opened, and must encode a frame;
 * refusals are logged with their reason (hardware that is not there: info; that is, but refuses:
 * warning). A name is taken or fails. 0; -EINVAL for bad params; else the last refusal's error. */
int gs_encoder_create(const char *name, const struct gs_encoder_params *params,
                      struct gs_encoder **ret) GS_MUST_CHECK;
/* For an encoder that takes the place of another, where both are too many. */
struct gs_encoder_room {
    const char *kind;         /* of the other one */
    void (*make)(void *user); /* closes it */
    void *user;
};

/* The same; but a kind whose limit is reached (-EBUSY) while room is of that kind is tried again
 * after room->make, which is called once at most. Whether it was, its owner must know, also after
 * an error. */
int gs_encoder_create_in_place(const char *name, const struct gs_encoder_params *params,
                               const struct gs_encoder_room *room,
                               struct gs_encoder **ret) GS_MUST_CHECK;
/* What the last create on this thread failed for, for the user: what refused, why, and what helps.
 */
const char *gs_encoder_failure(void);
void gs_encoder_destroy(struct gs_encoder *enc);
/* pic NULL: the picture in the surface. options NULL: none. */
int gs_encoder_encode(struct gs_encoder *enc, const struct gs_nv12 *pic,
                      const struct gs_encode_options *options, struct gs_packet *ret) GS_MUST_CHECK;
/* -ENOTSUP: takes memory only. The surface stays the same one, so that what was not drawn anew is
 * still there; it is the caller's to write whenever no encode runs. */
int gs_encoder_surface(struct gs_encoder *enc, struct gs_encoder_surface *ret) GS_MUST_CHECK;
/* Copies GL textures (R8, and RG8 of half the size) into the surface on the GPU. Called on the
 * thread on which their context is current, while no encode runs. The textures stay the same in all
 * calls; 0, 0 forgets them, which must be done before they are deleted. */
int gs_encoder_load_textures(struct gs_encoder *enc, uint32_t luma, uint32_t chroma) GS_MUST_CHECK;
/* Encodes what is in the surface for nobody, to see whether it can be. The next picture is an IDR.
 */
int gs_encoder_try_surface(struct gs_encoder *enc) GS_MUST_CHECK;
/* The receiver lacks this picture: those from it on are no references any more. -ENOTSUP, -ENOENT:
 * nothing older is left to refer to; only an IDR helps. */
int gs_encoder_invalidate(struct gs_encoder *enc, uint32_t frame_id) GS_MUST_CHECK;
/* From the next picture on, without an IDR. -ENOTSUP: needs a new encoder. */
int gs_encoder_set_effort(struct gs_encoder *enc, uint32_t effort) GS_MUST_CHECK;
/* From the next picture on, without an IDR where the implementation can. One that cannot (nvenc,
 * vaapi) takes large changes first and small ones with the next IDR: see rate_gate.h. */
int gs_encoder_set_rate(struct gs_encoder *enc, uint32_t max_kbps) GS_MUST_CHECK;
