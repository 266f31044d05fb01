/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/decode.h"

#include <errno.h>
#include <string.h>

#include "client/decode_impls.h"
#include "common/clock.h"
#include "common/log.h"

const struct gs_decoder_impl *const gs_decoder_impls[] = {
    &gs_decoder_software,
    &gs_decoder_null,
    NULL,
};

static int create_by_name(const char *name, struct gs_decoder **ret)
{
    char why[160];

    for (size_t i = 0; gs_decoder_impls[i]; i++) {
        int err;

        if (strcmp(gs_decoder_impls[i]->name, name) != 0)
            continue;
        err = gs_decoder_impls[i]->open(ret, why, sizeof(why));
        if (err)
            gs_error("decoder %s was asked for and refused: %s", name, why);
        return err;
    }
    gs_error("there is no decoder %s", name);
    return -ENOENT;
}

int gs_decoder_create(const char *name, struct gs_decoder **ret)
{
    int err = -ENOENT;
    char why[160];

    if (name && name[0])
        return create_by_name(name, ret);
    for (size_t i = 0; gs_decoder_impls[i] != &gs_decoder_null; i++) {
        err = gs_decoder_impls[i]->open(ret, why, sizeof(why));
        if (!err)
            return 0;
        gs_warn("decoder %s refused: %s", gs_decoder_impls[i]->name, why);
    }
    return err;
}

void gs_decoder_destroy(struct gs_decoder *dec)
{
    if (dec)
        dec->impl->close(dec);
}

int gs_decoder_decode(struct gs_decoder *dec, const struct gs_access_unit *au,
                      struct gs_picture **ret)
{
    uint64_t start = gs_now_ns();
    int err;

    /* A picture whose references are missing would be shown broken, and not as an error. */
    if (!au->keyframe && (!dec->started || au->discontinuity)) {
        dec->started = false;
        return -EBADMSG;
    }
    err = dec->impl->decode(dec, au, ret);
    dec->started = !err;
    if (err)
        return err;
    (*ret)->info.decode_start = start;
    (*ret)->info.decoded = gs_now_ns();
    return 0;
}
