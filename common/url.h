/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gpushare://HOST[:PORT]/SESSION?ticket=TICKET&fp=HEX: what a client needs to connect. Pure. */
#pragma once

#include <stdint.h>

#include "common/macros.h"
#include "common/proto.h"

#define GS_FINGERPRINT_SIZE 32 /* SHA-256 of the server's certificate, DER */

struct gs_url {
    char host[256]; /* name or numeric address; no brackets */
    uint16_t port;
    char session[GS_PROTO_NAME_MAX];
    char ticket[GS_PROTO_TICKET_MAX];
    uint8_t fingerprint[GS_FINGERPRINT_SIZE];
};

/* 0, or -EINVAL with *ret_why set to a static sentence for the user (what is wrong, not where). */
int gs_url_parse(const char *text, struct gs_url *ret, const char **ret_why) GS_MUST_CHECK;
/* IPv6 addresses come out in brackets. Free with free(). */
char *gs_url_format(const struct gs_url *url);
