/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * H.264 decoders: one access unit in, its picture out, no delay. A decoder is a ladder of kinds:
 * the one in use, and what takes over when that one turns out not to work. Thread: one at a time,
 * except where said.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "client/picture.h"
#include "client/receive/receiver.h"
#include "common/macros.h"

#define GS_DECODER_WHY 200

struct gs_codec;

/* One kind of decoder. */
struct gs_decoder_impl {
    const char *name;
    /* 0, -errno with the reason in why. Must be cheap and quiet where there is nothing to open. */
    int (*open)(struct gs_codec **ret, char *why, size_t why_size);
    /* *ret: the picture of this access unit, the caller's; its info is a copy of au->info.
     * -EBADMSG: can't be decoded, an IDR is needed. -EPROTO: the decoder held the picture back,
     * which a stream of ours never causes. Anything else: the decoder itself failed; why says how.
     * The data is read before this returns. */
    int (*decode)(struct gs_codec *codec, const struct gs_access_unit *au, struct gs_picture **ret,
                  char *why, size_t why_size);
    void (*close)(struct gs_codec *codec); /* frees codec; takes half-built ones */
};

/* First member of every implementation's own struct. */
struct gs_codec {
    const struct gs_decoder_impl *impl;
};

/* Best first, NULL at the end; "null" (black, for load tests) is never chosen by itself. */
extern const struct gs_decoder_impl *const gs_decoder_impls[];

struct gs_decoder;

/*
 * name NULL or "": a ladder that begins with the first that opens, refusals logged; else that one
 * alone. A kind that fails on an access unit, or refuses a keyframe that the next kind decodes, is
 * left for the next one, with a line in the log; that keyframe's picture is not lost. After a
 * failure between keyframes an IDR is needed. 0, -errno (-ENOENT: no such name).
 */
int gs_decoder_create(const char *name, struct gs_decoder **ret) GS_MUST_CHECK;
/* The same over other kinds. impls must outlive the decoder. */
int gs_decoder_create_from(const struct gs_decoder_impl *const *impls, const char *name,
                           struct gs_decoder **ret) GS_MUST_CHECK;
/* Accepts NULL. */
void gs_decoder_destroy(struct gs_decoder *dec);
/* The kind that is used now. Any thread. */
const char *gs_decoder_name(const struct gs_decoder *dec);
/* 0 with the picture, whose decode_start and decoded are filled. Also -EBADMSG, without a look at
 * the data, for anything but a keyframe at the start, after an error and at a discontinuity. */
int gs_decoder_decode(struct gs_decoder *dec, const struct gs_access_unit *au,
                      struct gs_picture **ret) GS_MUST_CHECK;
