/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/nals.h"

void gs_test_add_nal(GByteArray *au, GRand *rand, uint8_t type, size_t size)
{
    const uint8_t head[] = {0, 0, 0, 1, (uint8_t)(g_rand_int_range(rand, 0, 4) << 5 | type)};
    guint start;

    g_byte_array_append(au, head, sizeof(head));
    start = au->len;
    g_byte_array_set_size(au, start + (guint)size - 1);
    /* No zeros: nothing looks like a start code. */
    for (size_t i = start; i < au->len; i++)
        au->data[i] = (uint8_t)(1 + g_rand_int(rand) % 255);
}

GByteArray *gs_test_access_unit(GRand *rand, bool keyframe, size_t size)
{
    GByteArray *au = g_byte_array_new();
    unsigned slices = (unsigned)g_rand_int_range(rand, 1, 4);

    if (keyframe) {
        gs_test_add_nal(au, rand, 7, 12);
        gs_test_add_nal(au, rand, 8, 5);
        gs_test_add_nal(au, rand, 6, 30);
    }
    for (unsigned i = 0; i < slices; i++)
        gs_test_add_nal(au, rand, keyframe ? 5 : 1, size / slices + 2);
    return au;
}
