/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "encoder/level.h"

int gs_h264_level(const struct gs_encoder_params *p, uint32_t kept)
{
    static const struct {
        int level;
        uint32_t frame_mbs, kept_mbs, mbs_per_s;
    } levels[] = {
        {31, 3600, 18000, 108000},    {32, 5120, 20480, 216000},     {40, 8192, 32768, 245760},
        {42, 8704, 34816, 522240},    {50, 22080, 110400, 589824},   {51, 36864, 184320, 983040},
        {52, 36864, 184320, 2073600}, {60, 139264, 696320, 4177920}, {61, 139264, 696320, 8355840},
    };
    uint32_t mbs = (p->width + 15) / 16 * ((p->height + 15) / 16);

    for (size_t i = 0; i < GS_ARRAY_SIZE(levels); i++) {
        if (mbs <= levels[i].frame_mbs && kept * mbs <= levels[i].kept_mbs &&
            (uint64_t)mbs * p->fps <= levels[i].mbs_per_s)
            return levels[i].level;
    }
    return 62;
}
