/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/srtp.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "common/log.h"
#include "session/transport/srtp_internal.h"

static struct gs_srtp_transport *from_base(struct gs_transport *t)
{
    return (struct gs_srtp_transport *)t;
}

static int srtp_open(const struct gs_transport_params *p, struct gs_transport **ret)
{
    struct gs_udp udp;
    int err = gs_udp_open(p->bind_address, p->udp_first, p->udp_last, &udp);
    struct gs_srtp_transport *t;

    if (err < 0)
        return err;
    t = g_new0(struct gs_srtp_transport, 1);
    t->base.params = *p;
    t->udp = udp;
    t->base.udp_port = udp.port;
    t->ring = gs_retransmit_create();
    t->scratch = g_malloc0_n(GS_UDP_BATCH, sizeof(*t->scratch));
    t->gone = g_ptr_array_new();
    pthread_mutex_init(&t->send_lock, NULL);
    pthread_mutex_init(&t->lock, NULL);
    gs_feedback_start(t);
    *ret = &t->base;
    return 0;
}

/* ---- streams ---- */

void gs_srtp_stream_free(struct gs_srtp_stream *s)
{
    gs_srtp_destroy(s->rtp_out);
    gs_srtp_destroy(s->rtcp_out);
    gs_srtp_destroy(s->rtcp_in);
    pthread_mutex_destroy(&s->protect_lock);
    g_free(s);
}

static void count_ended(struct gs_srtp_transport *t, const struct gs_srtp_stream *s)
{
    t->ended.packets += s->packets;
    t->ended.bytes += s->bytes;
    t->ended.lost += s->lost;
    t->ended.repaired += s->repaired;
}

static void remove_stream(struct gs_srtp_transport *t, const struct gs_srtp_stream *s)
{
    unsigned i = 0;

    pthread_mutex_lock(&t->send_lock);
    pthread_mutex_lock(&t->lock);
    while (t->streams[i] != s)
        i++;
    t->streams[i] = t->streams[--t->n_streams];
    pthread_mutex_unlock(&t->lock);
    if (!t->n_streams)
        gs_retransmit_reset(t->ring);
    pthread_mutex_unlock(&t->send_lock);
}

static void srtp_detach(struct gs_transport *base, struct gs_stream *stream)
{
    struct gs_srtp_transport *t = from_base(base);
    struct gs_srtp_stream *s = (struct gs_srtp_stream *)stream;

    remove_stream(t, s);
    gs_feedback_leave(t, s);
    count_ended(t, s);
    gs_debug("srtp: %" G_GUINT32_FORMAT " packets, %" G_GUINT32_FORMAT
             " sent again, %" G_GUINT64_FORMAT " dropped; %" G_GUINT64_FORMAT
             " foreign datagrams in all",
             s->packets, s->repaired, s->dropped, t->rejected);
    s->gone = true;
    if (t->busy)
        g_ptr_array_add(t->gone, s);
    else
        gs_srtp_stream_free(s);
}

static void srtp_close(struct gs_transport *base)
{
    struct gs_srtp_transport *t = from_base(base);

    while (t->n_streams)
        srtp_detach(base, &t->streams[0]->base);
    gs_feedback_stop(t);
    gs_udp_close(&t->udp);
    gs_retransmit_destroy(t->ring);
    g_free(t->scratch);
    g_ptr_array_unref(t->gone);
    pthread_mutex_destroy(&t->send_lock);
    pthread_mutex_destroy(&t->lock);
    g_free(t);
}

struct secrets {
    uint8_t host_key[GS_SRTP_KEY_SIZE], client_key[GS_SRTP_KEY_SIZE];
    uint32_t ssrc, client_ssrc, timestamp_base;
    uint16_t seq;
};

/* By these the receivers are told apart. */
static bool ssrcs_taken(const struct gs_srtp_transport *t, const struct secrets *s)
{
    for (unsigned i = 0; i < t->n_streams; i++) {
        const struct gs_srtp_stream *other = t->streams[i];

        if (s->ssrc == other->ssrc || s->ssrc == other->client_ssrc ||
            s->client_ssrc == other->ssrc || s->client_ssrc == other->client_ssrc)
            return true;
    }
    return !s->ssrc || !s->client_ssrc || s->ssrc == s->client_ssrc;
}

static int choose_secrets(const struct gs_srtp_transport *t, struct secrets *s)
{
    do {
        if (getrandom(s, sizeof(*s), 0) != sizeof(*s))
            return -EIO;
    } while (ssrcs_taken(t, s));
    /* In the lower half, so that the receiver's guess of the rollover counter is right from the
     * first packet it sees (RFC 3711, 3.3.1). */
    s->seq &= 0x7fff;
    return 0;
}

static int create_stream(const struct secrets *secrets, struct gs_srtp_stream **ret)
{
    struct gs_srtp_stream *s = g_new0(struct gs_srtp_stream, 1);
    int err = gs_srtp_create(secrets->host_key, secrets->ssrc, GS_SRTP_SEND_AGAIN, &s->rtp_out);

    pthread_mutex_init(&s->protect_lock, NULL);
    s->ssrc = secrets->ssrc;
    s->client_ssrc = secrets->client_ssrc;
    s->timestamp_base = secrets->timestamp_base;
    s->next_seq = secrets->seq;
    if (!err)
        err = gs_srtp_create(secrets->host_key, secrets->ssrc, GS_SRTP_SEND, &s->rtcp_out);
    if (!err)
        err =
            gs_srtp_create(secrets->client_key, secrets->client_ssrc, GS_SRTP_RECEIVE, &s->rtcp_in);
    if (err)
        gs_srtp_stream_free(s);
    else
        *ret = s;
    return err;
}

static void add_stream(struct gs_srtp_transport *t, struct gs_srtp_stream *s)
{
    pthread_mutex_lock(&t->send_lock);
    pthread_mutex_lock(&t->lock);
    t->streams[t->n_streams++] = s;
    pthread_mutex_unlock(&t->lock);
    pthread_mutex_unlock(&t->send_lock);
}

static void fill_welcome(const struct gs_srtp_transport *t, const struct secrets *s,
                         struct gs_welcome *welcome)
{
    welcome->ssrc = s->ssrc;
    welcome->client_ssrc = s->client_ssrc;
    welcome->udp_port = t->udp.port;
    memcpy(welcome->host_key, s->host_key, sizeof(s->host_key));
    memcpy(welcome->client_key, s->client_key, sizeof(s->client_key));
}

static int srtp_attach(struct gs_transport *base, bool first, struct gs_welcome *welcome,
                       struct gs_stream **ret)
{
    struct gs_srtp_transport *t = from_base(base);
    struct gs_srtp_stream *s;
    struct secrets secrets;
    int err;

    if (t->n_streams >= GS_CLAMP(base->params.receivers, 1, GS_VIEWERS_MAX))
        return -EBUSY;
    err = choose_secrets(t, &secrets);
    if (!err)
        err = create_stream(&secrets, &s);
    if (!err) {
        s->base.first = first;
        add_stream(t, s);
        fill_welcome(t, &secrets, welcome);
        *ret = &s->base;
    }
    explicit_bzero(&secrets, sizeof(secrets));
    return err;
}

static void srtp_counters(struct gs_transport *base, struct gs_transport_counters *ret)
{
    struct gs_srtp_transport *t = from_base(base);

    *ret = t->ended;
    pthread_mutex_lock(&t->lock);
    for (unsigned i = 0; i < t->n_streams; i++) {
        const struct gs_srtp_stream *s = t->streams[i];

        ret->packets += s->packets;
        ret->bytes += s->bytes;
        ret->lost += s->lost;
        ret->repaired += s->repaired;
    }
    ret->dropped_frames = t->dropped_frames;
    pthread_mutex_unlock(&t->lock);
}

const struct gs_transport_impl gs_transport_srtp = {
    .name = "srtp",
    .open = srtp_open,
    .attach = srtp_attach,
    .detach = srtp_detach,
    .send = gs_srtp_transport_send,
    .counters = srtp_counters,
    .close = srtp_close,
};
