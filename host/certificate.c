/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/certificate.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "host/files.h"

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

/* Frees it. */
static void forget_secret(char *text)
{
    if (text)
        gnutls_memset(text, 0, strlen(text));
    g_free(text);
}

static int export(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, char **ret_pem)
{
    gnutls_datum_t crt_pem = {0}, key_pem = {0};
    int err = gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &crt_pem);

    err = err ? err : gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &key_pem);
    if (!err)
        *ret_pem = g_strdup_printf("%.*s%.*s", (int)crt_pem.size, (const char *)crt_pem.data,
                                   (int)key_pem.size, (const char *)key_pem.data);
    if (key_pem.data)
        gnutls_memset(key_pem.data, 0, key_pem.size);
    gnutls_free(key_pem.data);
    gnutls_free(crt_pem.data);
    return err;
}

/* Certificate and key as text, for forget_secret. */
static int generate(char **ret_pem)
{
    gnutls_x509_privkey_t key = NULL;
    gnutls_x509_crt_t crt = NULL;
    int err = gnutls_x509_privkey_init(&key);

    err = err ? err : gnutls_x509_crt_init(&crt);
    err = err ? err
              : gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
                                             GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
    err = err ? err : describe(crt, key);
    err = err ? err : export(crt, key, ret_pem);
    gnutls_x509_crt_deinit(crt);
    gnutls_x509_privkey_deinit(key);
    if (!err)
        return 0;
    gs_error("cannot make a certificate: %s", gnutls_strerror(err));
    return -EIO;
}

static int from_pem(const char *pem, GTlsCertificate **ret)
{
    g_autoptr(GError) error = NULL;

    *ret = g_tls_certificate_new_from_pem(pem, -1, &error);
    if (*ret)
        return 0;
    gs_error("cannot load the certificate just made: %s", error->message);
    return -EIO;
}

int gs_certificate_create(GTlsCertificate **ret)
{
    char *pem = NULL;
    int err = generate(&pem);

    err = err ? err : from_pem(pem, ret);
    forget_secret(pem);
    return err;
}

/* ---- kept ones ---- */

static int make_kept(const char *path, GTlsCertificate **ret)
{
    char *pem = NULL;
    int err = generate(&pem);

    err = err ? err : gs_file_write(path, pem, strlen(pem), 0600);
    if (err)
        gs_error("cannot keep a certificate in %s: %s", path, g_strerror(-err));
    err = err ? err : from_pem(pem, ret);
    forget_secret(pem);
    return err;
}

int gs_certificate_keep(const char *path, GTlsCertificate **ret)
{
    g_autofree char *aside = g_strconcat(path, ".bad", NULL);
    g_autofree char *why = NULL;

    if (access(path, F_OK) < 0 && errno == ENOENT)
        return make_kept(path, ret);
    if (gs_certificate_load(path, path, ret, &why) == 0)
        return 0;
    gs_warn("%s; it is moved aside to %s, and URLs that were given out hold no more", why, aside);
    if (rename(path, aside) < 0)
        gs_warn("cannot rename %s: %s", path, g_strerror(errno));
    return make_kept(path, ret);
}

int gs_certificate_load(const char *certificate, const char *key, GTlsCertificate **ret,
                        char **ret_why)
{
    g_autoptr(GError) error = NULL;

    *ret = g_tls_certificate_new_from_files(certificate, key, &error);
    if (*ret)
        return 0;
    *ret_why = g_strdup_printf("the certificate in %s with the key in %s cannot be used: %s",
                               certificate, key, error->message);
    return -EINVAL;
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
