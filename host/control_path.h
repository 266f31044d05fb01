/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The target of a request: a path, cut into decoded segments, and the parameters after it. Pure. */
#pragma once

#include <stdbool.h>

#include "common/macros.h"

#define GS_PATH_SEGMENTS 8
#define GS_QUERY_PAIRS 8

struct gs_control_path {
    char *segments[GS_PATH_SEGMENTS + 1]; /* NULL-terminated */
};

/* path: percent-encoded (RFC 3986), from its slash on. 0; -ENOENT: so deep is nothing; -EINVAL,
 * with a sentence in *ret_why, for g_free. */
int gs_control_path_parse(const char *path, struct gs_control_path *ret,
                          char **ret_why) GS_MUST_CHECK;
void gs_control_path_finish(struct gs_control_path *path);
/* pattern: "/v1/sessions/{name}"; what stands in braces takes any segment. params: those, borrowed,
 * in their order, GS_PATH_SEGMENTS of them; the rest NULL. */
bool gs_control_path_match(const struct gs_control_path *path, const char *pattern,
                           const char *params[GS_PATH_SEGMENTS]);

struct gs_control_query {
    unsigned n;
    struct {
        char *key, *value;
    } pairs[GS_QUERY_PAIRS];
};

/* query: "a=b&c=d", percent-encoded, '+' is a blank; may be NULL. -EINVAL as above, also for a key
 * that is there twice. */
int gs_control_query_parse(const char *query, struct gs_control_query *ret,
                           char **ret_why) GS_MUST_CHECK;
void gs_control_query_finish(struct gs_control_query *query);
/* NULL: it is not there. */
const char *gs_control_query_get(const struct gs_control_query *query, const char *key);
/* The first key that is not in the list, which NULL ends; NULL: all are. */
const char *gs_control_query_unknown(const struct gs_control_query *query,
                                     const char *const *known);
