/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What fuzz targets share. Their assertions are what they check, so they hold in every build. */
#pragma once

#undef NDEBUG
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "common/bytes.h"
#include "common/macros.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An operand: u16 length, then at most so many bytes as there are. */
static inline const uint8_t *fuzz_bytes(struct gs_reader *r, size_t *ret_size)
{
    size_t n = gs_read_u16(r);

    *ret_size = GS_MIN(n, gs_reader_left(r));
    return gs_read_bytes(r, *ret_size);
}
