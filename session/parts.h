/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts that a session is made of, built and taken down in the order in which they need each
 * other. Thread: main. */
#pragma once

#include "common/link.h"
#include "common/macros.h"
#include "common/proto.h"
#include "encoder/encoder.h"
#include "session/convert.h"
#include "session/egl.h"
#include "session/freeze.h"
#include "session/pipeline.h"
#include "session/source.h"
#include "session/transport/transport.h"

struct gs_parts {
    struct gs_egl *egl; /* NULL: no GPU, and nothing asked for one */
    struct gs_source *source;
    struct gs_converter *converter;
    struct gs_encoder *encoder;
    struct gs_transport *transport;
    struct gs_pipeline *pipeline;
    struct gs_freeze *freeze; /* of the application's processes */
    int effort;               /* of the encoder: 0 … 2, or GS_EFFORT_AUTO */
    char spill[96];     /* why software is to encode though there is hardware; "": the best does.
                         * For a configuration that leaves the choice */
    char renderer[128]; /* what renders, or why nothing here does */
    char gpu[64];       /* as in struct gs_worker_ready */
};

struct gs_parts_params {
    const struct gs_worker_config *config; /* borrowed as long as the parts live */
    const struct gs_source_listener *source_listener;
    const struct gs_transport_listener *transport_listener;
    struct gs_turns *turns;                         /* borrowed as long as the parts live */
    void (*failed)(void *user, const char *reason); /* of the pipeline */
    void *user;
};

/* Fills *parts one by one (listeners may be called before the return) and launches the application.
 * 0, or -errno with *ret_reason a sentence for the user, for g_free; finish it in both cases. */
int gs_parts_build(struct gs_parts *parts, const struct gs_parts_params *params,
                   char **ret_reason) GS_MUST_CHECK;
/* The output gets the size, rate and quality that config has: new encoder and converter, and the
 * source resized. Only while no frame is in flight. The old encoder is closed after the new one was
 * opened; before, where the hardware takes no second one. 0, or as gs_parts_build with the size as
 * it was; encoder and converter then may be others. -ENOTRECOVERABLE: there is none any more, and
 * no frame is made.
 */
int gs_parts_renew(struct gs_parts *parts, const struct gs_worker_config *config,
                   char **ret_reason) GS_MUST_CHECK;
/* The encoder that is there spills for that reason. */
void gs_parts_note_spill(struct gs_parts *parts);
/* Another encoder, as `spill` says now, in the place of the one that is there, and a converter for
 * it; with the next frame, an IDR. Only while no frame is in flight. 0, -EBUSY where the hardware
 * takes no more sessions, or as gs_parts_renew; after errors all is as it was. */
int gs_parts_reopen(struct gs_parts *parts, const struct gs_worker_config *config,
                    char **ret_reason) GS_MUST_CHECK;
/* Ends the application. Takes half-built and zeroed ones. */
void gs_parts_finish(struct gs_parts *parts);
