/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the module "record" offers: client/record.h as a table. */
#pragma once

#include "client/record.h"

struct gs_record_module {
    int (*create)(const char *path, uint32_t width, uint32_t height, struct gs_recorder **ret);
    int (*write)(struct gs_recorder *rec, const struct gs_access_unit *au);
    int (*destroy)(struct gs_recorder *rec);
};
