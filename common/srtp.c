/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/srtp.h"

#include <errno.h>
#include <glib.h>
#include <limits.h>
#include <pthread.h>
#include <srtp2/srtp.h>
#include <string.h>

/* Packets. What comes late may be a retransmission, of 2048 packets at most; what is sent goes in
 * order, and libsrtp's work for each packet grows with the window. */
#define WINDOW_RECEIVE 4096
#define WINDOW_SEND 128
#define WINDOW_SEND_AGAIN (GS_SRTP_AGAIN + 64)

struct gs_srtp {
    srtp_t session;
};

static pthread_once_t library_once = PTHREAD_ONCE_INIT;
static srtp_err_status_t library_status;
static pthread_t prepare_thread;
static bool preparing;
static srtp_t held;

static void set_policy(srtp_policy_t *policy, uint8_t *key)
{
    policy->key = key;
    srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy->rtp);
    srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy->rtcp);
}

/* Debian's libsrtp opens NSS with the first cipher, which takes more than 1 ms, and closes it with
 * the last: a stream that nobody uses keeps it open. */
static void init_library(void)
{
    uint8_t key[GS_SRTP_KEY_SIZE] = {0};
    srtp_policy_t policy = {.ssrc = {.type = ssrc_specific, .value = 1}};

    library_status = srtp_init();
    set_policy(&policy, key);
    if (library_status != srtp_err_status_ok || srtp_create(&held, &policy) != srtp_err_status_ok)
        held = NULL;
}

static void *prepare(void *arg)
{
    pthread_once(&library_once, init_library);
    return arg;
}

void gs_srtp_prepare(void)
{
    preparing = pthread_create(&prepare_thread, NULL, prepare, NULL) == 0;
}

void gs_srtp_finish_prepare(void)
{
    if (preparing)
        pthread_join(prepare_thread, NULL);
    preparing = false;
    if (held)
        srtp_dealloc(held);
    held = NULL;
}

static int error_from_status(srtp_err_status_t status)
{
    switch (status) {
    case srtp_err_status_ok:
        return 0;
    case srtp_err_status_auth_fail:
        return -EACCES;
    case srtp_err_status_replay_fail:
    case srtp_err_status_replay_old:
        return -EALREADY;
    case srtp_err_status_alloc_fail:
        return -ENOMEM;
    case srtp_err_status_bad_param:
        return -EINVAL;
    default:
        return -EBADMSG;
    }
}

int gs_srtp_create(const uint8_t key[GS_SRTP_KEY_SIZE], uint32_t ssrc, enum gs_srtp_direction dir,
                   struct gs_srtp **ret)
{
    static const unsigned windows[] = {[GS_SRTP_SEND] = WINDOW_SEND,
                                       [GS_SRTP_SEND_AGAIN] = WINDOW_SEND_AGAIN,
                                       [GS_SRTP_RECEIVE] = WINDOW_RECEIVE};
    uint8_t key_copy[GS_SRTP_KEY_SIZE];
    srtp_policy_t policy = {
        /* Only the sender's own SSRC: a packet with another one is refused before any cipher. */
        .ssrc = {.type = ssrc_specific, .value = ssrc},
        .window_size = windows[dir],
        .allow_repeat_tx = dir == GS_SRTP_SEND_AGAIN,
    };
    srtp_err_status_t status;
    srtp_t session;

    pthread_once(&library_once, init_library);
    if (library_status != srtp_err_status_ok)
        return -EINVAL;
    memcpy(key_copy, key, sizeof(key_copy));
    set_policy(&policy, key_copy);
    status = srtp_create(&session, &policy);
    explicit_bzero(key_copy, sizeof(key_copy));
    if (status != srtp_err_status_ok)
        return status == srtp_err_status_alloc_fail ? -ENOMEM : -EINVAL;
    *ret = g_new0(struct gs_srtp, 1);
    (*ret)->session = session;
    return 0;
}

void gs_srtp_destroy(struct gs_srtp *srtp)
{
    if (!srtp)
        return;
    srtp_dealloc(srtp->session);
    g_free(srtp);
}

static int transform(struct gs_srtp *srtp, srtp_err_status_t (*fn)(srtp_t, void *, int *),
                     void *packet, size_t *size)
{
    int length = (int)*size;
    int err;

    if (*size > INT_MAX / 2)
        return -EBADMSG;
    err = error_from_status(fn(srtp->session, packet, &length));
    if (!err)
        *size = (size_t)length;
    return err;
}

/* libsrtp calls a packet that is too short a bad parameter; for us it is a bad message. */
static int unprotect(struct gs_srtp *srtp, srtp_err_status_t (*fn)(srtp_t, void *, int *),
                     void *packet, size_t *size)
{
    int err = transform(srtp, fn, packet, size);

    return err == -EINVAL ? -EBADMSG : err;
}

int gs_srtp_protect(struct gs_srtp *srtp, void *packet, size_t *size)
{
    return transform(srtp, srtp_protect, packet, size);
}

int gs_srtp_unprotect(struct gs_srtp *srtp, void *packet, size_t *size)
{
    return unprotect(srtp, srtp_unprotect, packet, size);
}

int gs_srtp_protect_rtcp(struct gs_srtp *srtp, void *packet, size_t *size)
{
    return transform(srtp, srtp_protect_rtcp, packet, size);
}

int gs_srtp_unprotect_rtcp(struct gs_srtp *srtp, void *packet, size_t *size)
{
    return unprotect(srtp, srtp_unprotect_rtcp, packet, size);
}
