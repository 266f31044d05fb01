/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the module "gpushare-session-decode" offers: a look at an encoder's pictures as a client
 * would see them. Only the doctor loads it. One thread. */
#pragma once

#include "common/nv12.h"
#include "encoder/encoder.h"

struct gs_doctor_decoder {
    void *(*open)(void); /* NULL: there is none */
    /* Of the pictures in order. NULL: it is the picture; else what is wrong, static. */
    const char *(*compare)(void *decoder, const struct gs_packet *packet,
                           const struct gs_nv12 *pic);
    void (*close)(void *decoder);
};
