/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading and writing of small JSON messages. A reader collects failures in one flag, so that a
 * message is read from top to bottom and judged once; what is not there or not allowed leaves its
 * place untouched. Unknown keys are accepted, so that versions can grow. Pure; any thread.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/macros.h"

/* ---- reading ---- */

struct gs_json_in {
    json_t *root; /* borrowed by those that gs_json_enter made */
    bool bad;
};

/* size bytes, without a NUL. */
struct gs_json_in gs_json_open(const char *json, size_t size);
/* Frees the message. 0, or -EBADMSG when anything of it was bad. */
int gs_json_close(struct gs_json_in *in) GS_MUST_CHECK;
/* An object within; gs_json_leave carries its failures up. */
struct gs_json_in gs_json_enter(const struct gs_json_in *in, const char *key);
void gs_json_leave(struct gs_json_in *in, const struct gs_json_in *inner);
bool gs_json_has(const struct gs_json_in *in, const char *key);

/* Of the protocol, in "v". A message that is bad anyway passes. */
bool gs_json_version_is_ours(struct gs_json_in *in);
/* min where it fails. */
json_int_t gs_json_int(struct gs_json_in *in, const char *key, json_int_t min, json_int_t max);
bool gs_json_bool(struct gs_json_in *in, const char *key);
/* Printable text that fits. */
void gs_json_text(struct gs_json_in *in, const char *key, char *out, size_t size);
/* Cuts a text that is too long, between two characters. */
void gs_json_text_cut(struct gs_json_in *in, const char *key, char *out, size_t size);
/* A list of strings, for g_strfreev; never NULL. */
char **gs_json_strings(struct gs_json_in *in, const char *key);

/* ---- writing ---- */

/* For "so" of json_pack. Bytes that are no UTF-8 and control characters are replaced: a field may
 * be text of somebody who did not say its encoding, and controls would break the lines of a log. */
json_t *gs_json_text_new(const char *field);
json_t *gs_json_base64_new(const uint8_t *data, size_t size);
/* NULL where one is not UTF-8. list may be NULL. */
json_t *gs_json_strings_new(char *const *list);
/* Takes the reference to o. For free(). What is written is small and valid, so that only memory can
 * lack: that ends the process, as g_new does. */
char *gs_json_dump(json_t *o);
