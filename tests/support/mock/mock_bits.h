/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes H.264 syntax (ITU-T H.264, 7.2, 9.1) for mock encoders. */
#pragma once

#include <glib.h>
#include <stdint.h>

struct mock_bits {
    GByteArray *bytes; /* without emulation prevention; the last one may be begun only */
    unsigned used;     /* bits of the last byte, 0: none is begun */
};

static inline void mock_put(struct mock_bits *b, uint32_t value, unsigned n)
{
    while (n--) {
        if (!b->used)
            g_byte_array_append(b->bytes, (const uint8_t[]){0}, 1);
        b->bytes->data[b->bytes->len - 1] |= (uint8_t)((value >> n & 1) << (7 - b->used));
        b->used = (b->used + 1) % 8;
    }
}

static inline void mock_put_ue(struct mock_bits *b, uint32_t value)
{
    unsigned n = 0;

    while ((value + 1) >> (n + 1))
        n++;
    mock_put(b, 0, n);
    mock_put(b, value + 1, n + 1);
}

static inline void mock_put_se(struct mock_bits *b, int32_t value)
{
    mock_put_ue(b, value > 0 ? 2 * (uint32_t)value - 1 : 2 * (uint32_t)-value);
}

static inline void mock_align(struct mock_bits *b)
{
    b->used = 0;
}

/* rbsp_trailing_bits */
static inline void mock_end(struct mock_bits *b)
{
    mock_put(b, 1, 1);
    mock_align(b);
}

/* Appends a start code and the unit, with emulation prevention. */
static inline void mock_append_nal(GByteArray *out, const uint8_t *rbsp, size_t size)
{
    unsigned zeros = 0;

    g_byte_array_append(out, (const uint8_t[]){0, 0, 0, 1}, 4);
    for (size_t i = 0; i < size; i++) {
        if (zeros >= 2 && rbsp[i] <= 3) {
            g_byte_array_append(out, (const uint8_t[]){3}, 1);
            zeros = 0;
        }
        g_byte_array_append(out, &rbsp[i], 1);
        zeros = rbsp[i] ? 0 : zeros + 1;
    }
}
