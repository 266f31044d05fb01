/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A libva driver that encodes H.264 on the processor, so that everything over VA-API runs without a
 * GPU. Surfaces are in memory; slices hold macroblocks as they are (I_PCM), or skip those that did
 * not change. GS_MOCK_VA takes from it what real drivers lack, separated by commas:
 *
 *   noprofile   no H.264 at all          nopacked  writes its own headers, with a poor SPS
 *   noencode    decodes only             cqponly   no rate control
 *   lowpower    has the low-power way    noexport  surfaces cannot be exported
 *   lpfails     … which fails            noderive  images are copies
 *   failing     no picture is encoded    surfaces  no memory for surfaces
 *   roi         takes regions            ratefails no picture with a limit is encoded
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <va/va.h>
#include <va/va_backend.h>

#define MOCK_VA_MODIFIER UINT64_C(0x0b00000000000007) /* of a vendor that there is not */
#define MOCK_VA_REGION                                                                             \
    0x67736d6b /* four times the name of an SEI message; then the QP's change                      \
                */

enum mock_kind { MOCK_CONFIG = 1, MOCK_SURFACE, MOCK_CONTEXT, MOCK_BUFFER, MOCK_IMAGE };

struct mock_object {
    enum mock_kind kind;
    /* config */
    bool low_power;
    uint32_t rate_mode;
    /* surface: NV12 */
    int fd;
    uint32_t width, height, stride;
    size_t chroma, size;
    uint8_t *data;
    /* buffer; also what an image's buffer holds */
    VABufferType type;
    GByteArray *bytes;
    uint8_t *alias; /* a surface's pixels: not in bytes */
    VACodedBufferSegment segment;
    /* image */
    VAImage image;
    /* context */
    const struct mock_object *config;
    uint32_t bits_per_second, fps;
    VASurfaceID target;
    GPtrArray *rendered; /* struct mock_object *, copies of this picture's buffers */
};

struct mock_va {
    GHashTable *objects;
    uint32_t next_id;
};

bool mock_va_has(const char *word);
static inline struct mock_va *mock_va_of(VADriverContextP ctx)
{
    return ctx->pDriverData;
}

/* Objects and, in the table, all that has to do with surfaces, buffers and images:
 * mock_va_surface.c. */
struct mock_object *mock_va_find(struct mock_va *va, uint32_t id, enum mock_kind kind);
struct mock_object *mock_va_add(struct mock_va *va, enum mock_kind kind, uint32_t *ret_id);
VAStatus mock_va_drop(VADriverContextP ctx, uint32_t id, enum mock_kind kind, VAStatus error);
void mock_va_object_free(void *object);
void mock_va_fill_surfaces(struct VADriverVTable *v);
/* Codes the target with what was rendered into its coded buffer; mock_va_encode.c. */
VAStatus mock_va_encode(struct mock_va *va, struct mock_object *context);
