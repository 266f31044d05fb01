/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which rows of a picture differ from those of the one before. Pure. */
#pragma once

#include <stdint.h>

#include "client/picture.h"

#define GS_DAMAGE_BAND 16 /* rows; a macroblock's, which is what decoders leave untouched */
#define GS_DAMAGE_RANGES 16

/* Ranges of rows, top to bottom, apart from each other, within the picture. */
struct gs_damage {
    unsigned n;
    struct gs_row_range {
        uint32_t first, end;
    } ranges[GS_DAMAGE_RANGES];
};

/* All rows of pic. */
void gs_damage_all(const struct gs_picture *pic, struct gs_damage *ret);
/* Both are mapped. before: NULL, or of another size or format, means that all is new. Rows that are
 * equal may be called different, to keep the ranges few; never the other way round. */
void gs_damage_find(const struct gs_picture *before, const struct gs_picture *pic,
                    struct gs_damage *ret);
/* Adds the rows up to end, which may be more than the picture has. */
void gs_damage_add_top(struct gs_damage *damage, const struct gs_picture *pic, uint32_t end);
