/* SPDX-License-Identifier: GPL-2.0-or-later */
/* H.264 decoders: one access unit in, its picture out, no delay. Thread: one at a time. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "client/picture.h"
#include "client/receive/receiver.h"
#include "common/macros.h"

struct gs_decoder;

struct gs_decoder_impl {
    const char *name;
    int (*open)(struct gs_decoder **ret, char *why, size_t why_size);
    /* *ret: the picture of this access unit, the caller's; its info is a copy of au->info with
     * decode_start and decoded filled. -EBADMSG: can't be decoded, an IDR is needed; -EPROTO: the
     * decoder held the picture back, which a stream of ours never causes. */
    int (*decode)(struct gs_decoder *dec, const struct gs_access_unit *au, struct gs_picture **ret);
    void (*close)(struct gs_decoder *dec); /* frees dec; takes half-built ones */
};

/* First member of every implementation's own struct. */
struct gs_decoder {
    const struct gs_decoder_impl *impl;
    bool started; /* an IDR was decoded, and everything since */
};

/* Best first, NULL at the end; "null" (black, for load tests) is never chosen by itself. */
extern const struct gs_decoder_impl *const gs_decoder_impls[];

/* name NULL or "": the first that opens, refusals logged. */
int gs_decoder_create(const char *name, struct gs_decoder **ret) GS_MUST_CHECK;
void gs_decoder_destroy(struct gs_decoder *dec);
/* Also -EBADMSG, without a look at the data, for anything but a keyframe at the start, after an
 * error and at a discontinuity. */
int gs_decoder_decode(struct gs_decoder *dec, const struct gs_access_unit *au,
                      struct gs_picture **ret) GS_MUST_CHECK;
