/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For cmocka tests with the fake host, which draws in a few colours; include after cmocka.h. */
#pragma once

#include "tests/support/picture.h"

/* Fails unless the pixel has that colour, 0xRRGGBB, as far as a video keeps it. */
static inline void fake_check_pixel(const struct gs_image *img, uint32_t x, uint32_t y,
                                    uint32_t colour)
{
    uint32_t found = gs_image_pixel(img, x, y);

    if (gs_colour_distance(found, colour) > 24)
        fail_msg("%06x instead of %06x at %u,%u", found, colour, x, y);
}
