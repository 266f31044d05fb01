/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The certificate of the TLS port: a self-signed one (ECDSA P-256), or somebody's own. Clients know
 * it by its fingerprint, so the names and dates in it mean nothing. Any thread. */
#pragma once

#include <gio/gio.h>
#include <stdint.h>

#include "common/macros.h"
#include "common/url.h"

/* 0 with a reference for the caller in *ret; or -errno, with the reason in the log. */
int gs_certificate_create(GTlsCertificate **ret) GS_MUST_CHECK;
/* The one of ours that is kept in this file; made where there is none. One that can't be used is
 * moved aside. As above. */
int gs_certificate_keep(const char *path, GTlsCertificate **ret) GS_MUST_CHECK;
/* From PEM files. 0; -EINVAL with a sentence in *ret_why for g_free. */
int gs_certificate_load(const char *certificate, const char *key, GTlsCertificate **ret,
                        char **ret_why) GS_MUST_CHECK;
/* SHA-256 of its DER form. */
void gs_certificate_fingerprint(GTlsCertificate *certificate, uint8_t ret[GS_FINGERPRINT_SIZE]);
