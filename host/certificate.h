/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A self-signed certificate for the TLS port, made in memory (ECDSA P-256). Clients know it by its
 * fingerprint, so the names and dates in it mean nothing. Any thread. */
#pragma once

#include <gio/gio.h>
#include <stdint.h>

#include "common/macros.h"
#include "common/url.h"

/* 0 with a reference for the caller in *ret; or -errno, with the reason in the log. */
int gs_certificate_create(GTlsCertificate **ret) GS_MUST_CHECK;
/* SHA-256 of its DER form. */
void gs_certificate_fingerprint(GTlsCertificate *certificate, uint8_t ret[GS_FINGERPRINT_SIZE]);
