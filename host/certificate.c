/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/certificate.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <time.h>

#include "common/log.h"

#define LIFETIME_S (10 * 365 * 24 * 3600)
#define CLOCK_SKEW_S (24 * 3600)
#define NAME "gpushare"

/* Each step runs only where the one before succeeded; the first failure is the result. */
static int describe(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key)
{
    time_t now = time(NULL);
    uint8_t serial[16];
    int err = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof(serial));

    serial[0] &= 0x7f; /* positive (RFC 5280, 4.1.2.2) */
    err = err ? err : gnutls_x509_crt_set_version(crt, 3);
    err = err ? err : gnutls_x509_crt_set_serial(crt, serial, sizeof(serial));
    err = err ? err : gnutls_x509_crt_set_activation_time(crt, now - CLOCK_SKEW_S);
    err = err ? err : gnutls_x509_crt_set_expiration_time(crt, now + LIFETIME_S);
    err = err ? err
              : gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, NAME,
                                              sizeof(NAME) - 1);
    err = err ? err : gnutls_x509_crt_set_basic_constraints(crt, 0, -1);
    err = err ? err : gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_DIGITAL_SIGNATURE);
    err = err ? err : gnutls_x509_crt_set_key(crt, key);
    return err ? err : gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0);
}

static int load(const gnutls_datum_t *crt, const gnutls_datum_t *key, GTlsCertificate **ret)
{
    g_autoptr(GError) error = NULL;
    char *pem = g_strdup_printf("%.*s%.*s", (int)crt->size, (const char *)crt->data, (int)key->size,
                                (const char *)key->data);

    *ret = g_tls_certificate_new_from_pem(pem, -1, &error);
    gnutls_memset(pem, 0, strlen(pem));
    g_free(pem);
    if (*ret)
        return 0;
    gs_error("cannot load the certificate just made: %s", error->message);
    return -EIO;
}

static int generate(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, GTlsCertificate **ret)
{
    gnutls_datum_t crt_pem = {0}, key_pem = {0};
    int err = gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
                                           GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);

    err = err ? err : describe(crt, key);
    err = err ? err : gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &crt_pem);
    err = err ? err : gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &key_pem);
    if (err) {
        gs_error("cannot make a certificate: %s", gnutls_strerror(err));
        err = -EIO;
    } else {
        err = load(&crt_pem, &key_pem, ret);
    }
    if (key_pem.data)
        gnutls_memset(key_pem.data, 0, key_pem.size);
    gnutls_free(key_pem.data);
    gnutls_free(crt_pem.data);
    return err;
}

int gs_certificate_create(GTlsCertificate **ret)
{
    gnutls_x509_privkey_t key = NULL;
    gnutls_x509_crt_t crt = NULL;
    int err = -ENOMEM;

    if (gnutls_x509_privkey_init(&key) == 0 && gnutls_x509_crt_init(&crt) == 0)
        err = generate(crt, key, ret);
    gnutls_x509_crt_deinit(crt);
    gnutls_x509_privkey_deinit(key);
    return err;
}

void gs_certificate_fingerprint(GTlsCertificate *certificate, uint8_t ret[GS_FINGERPRINT_SIZE])
{
    g_autoptr(GByteArray) der = NULL;
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    gsize size = GS_FINGERPRINT_SIZE;

    g_object_get(certificate, "certificate", &der, NULL);
    g_checksum_update(sum, der->data, der->len);
    g_checksum_get_digest(sum, ret, &size);
}
