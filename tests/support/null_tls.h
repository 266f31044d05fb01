/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A TLS backend for GIO that encrypts nothing, so that a fuzzer's bytes reach what lies behind TLS:
 * handshakes succeed at once, the version is 1.3, the protocol ours, the certificate
 * GS_NULL_TLS_DER.
 */
#pragma once

#define GS_NULL_TLS_DER "null"

/* Before anything asks GIO for TLS. */
void gs_null_tls_install(void);
