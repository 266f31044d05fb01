/* SPDX-License-Identifier: GPL-2.0-or-later */
/* client/record.h for the program, by the module "record". Only those record who loaded it, so one
 * table for all recorders is enough. */
#include <errno.h>
#include <stddef.h>

#include "client/record_module.h"
#include "common/module.h"

static const struct gs_record_module *module;

int gs_recorder_create(const char *path, uint32_t width, uint32_t height, struct gs_recorder **ret)
{
    char why[200];

    module = gs_module_load("gpushare-client-record", why, sizeof(why));
    if (!module) {
        gs_error("recording is not possible here: %s", why);
        return -ENOENT;
    }
    return module->create(path, width, height, ret);
}

int gs_recorder_write(struct gs_recorder *rec, const struct gs_access_unit *au)
{
    return module->write(rec, au);
}

int gs_recorder_destroy(struct gs_recorder *rec)
{
    return rec ? module->destroy(rec) : 0;
}
