/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fields that messages of the control channel and of the link share; see common/json.h. */
#pragma once

#include "common/json.h"
#include "common/proto.h"

#define GS_FPS_LIMIT 240

static inline uint32_t gs_proto_get_side(struct gs_json_in *in, const char *key)
{
    return (uint32_t)gs_json_int(in, key, GS_SIDE_MIN, GS_SIDE_MAX);
}

static inline void gs_proto_get_session(struct gs_json_in *in, char out[GS_PROTO_NAME_MAX])
{
    gs_json_text(in, "session", out, GS_PROTO_NAME_MAX);
    if (!gs_session_name_valid(out))
        in->bad = true;
}
