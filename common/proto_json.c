/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The JSON messages of common/proto.h. */
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "common/proto.h"
#include "common/proto_fields.h"

static void get_key(struct gs_json_in *in, const char *key, uint8_t out[GS_SRTP_KEY_SIZE])
{
    char encoded[64] = "";
    g_autofree guchar *raw = NULL;
    g_autofree char *again = NULL;
    gsize size = 0;

    gs_json_text(in, key, encoded, sizeof(encoded));
    raw = g_base64_decode(encoded, &size);
    again = g_base64_encode(raw, size);
    if (size != GS_SRTP_KEY_SIZE || strcmp(again, encoded) != 0)
        in->bad = true;
    else
        memcpy(out, raw, size);
}

char *gs_hello_to_json(const struct gs_hello *h)
{
    return gs_json_dump(json_pack(
        "{si so so so s{sI sI} so sb}", "v", GS_PROTO_VERSION, "session",
        gs_json_text_new(h->session), "ticket", gs_json_text_new(h->ticket), "client",
        gs_json_text_new(h->client), "display", "width", (json_int_t)h->display_width, "height",
        (json_int_t)h->display_height, "decoder", gs_json_text_new(h->decoder), "view", h->view));
}

static void get_display(struct gs_json_in *in, struct gs_hello *h)
{
    struct gs_json_in display = gs_json_enter(in, "display");

    h->display_width = (uint32_t)gs_json_int(&display, "width", 0, 65535);
    h->display_height = (uint32_t)gs_json_int(&display, "height", 0, 65535);
    gs_json_leave(in, &display);
}

int gs_hello_from_json(const char *json, size_t size, struct gs_hello *ret)
{
    struct gs_json_in in = gs_json_open(json, size);
    struct gs_hello h = {0};
    int err;

    if (!gs_json_version_is_ours(&in)) {
        json_decref(in.root);
        return -EPROTO;
    }
    gs_proto_get_session(&in, h.session);
    if (json_object_get(in.root, "ticket"))
        gs_json_text(&in, "ticket", h.ticket, sizeof(h.ticket));
    gs_json_text(&in, "client", h.client, sizeof(h.client));
    get_display(&in, &h);
    gs_json_text(&in, "decoder", h.decoder, sizeof(h.decoder));
    h.view = gs_json_has(&in, "view") && gs_json_bool(&in, "view");
    err = gs_json_close(&in);
    if (!err)
        *ret = h;
    return err;
}

static json_t *video(const struct gs_welcome *w)
{
    return json_pack("{sI sI sI sI so so so so}", "width", (json_int_t)w->width, "height",
                     (json_int_t)w->height, "fps", (json_int_t)w->fps, "ssrc", (json_int_t)w->ssrc,
                     "encoder", gs_json_text_new(w->encoder), "converter",
                     gs_json_text_new(w->converter), "renderer", gs_json_text_new(w->renderer),
                     "why", gs_json_text_new(w->why));
}

char *gs_welcome_to_json(const struct gs_welcome *w)
{
    return gs_json_dump(
        json_pack("{si so so s{sI sI} s{so so} so sb sb}", "v", GS_PROTO_VERSION, "session",
                  gs_json_text_new(w->session), "video", video(w), "udp", "port",
                  (json_int_t)w->udp_port, "client_ssrc", (json_int_t)w->client_ssrc, "srtp",
                  "host_key", gs_json_base64_new(w->host_key, GS_SRTP_KEY_SIZE), "client_key",
                  gs_json_base64_new(w->client_key, GS_SRTP_KEY_SIZE), "resume",
                  gs_json_text_new(w->resume), "resumed", w->resumed, "view", w->view));
}

static void get_video(struct gs_json_in *in, struct gs_welcome *w)
{
    struct gs_json_in v = gs_json_enter(in, "video");

    w->width = gs_proto_get_side(&v, "width");
    w->height = gs_proto_get_side(&v, "height");
    w->fps = (uint32_t)gs_json_int(&v, "fps", 1, GS_FPS_LIMIT);
    w->ssrc = (uint32_t)gs_json_int(&v, "ssrc", 0, UINT32_MAX);
    gs_json_text(&v, "encoder", w->encoder, sizeof(w->encoder));
    gs_json_text(&v, "converter", w->converter, sizeof(w->converter));
    gs_json_text_cut(&v, "renderer", w->renderer, sizeof(w->renderer));
    gs_json_text_cut(&v, "why", w->why, sizeof(w->why));
    gs_json_leave(in, &v);
}

static void get_media(struct gs_json_in *in, struct gs_welcome *w)
{
    struct gs_json_in udp = gs_json_enter(in, "udp");
    struct gs_json_in srtp = gs_json_enter(in, "srtp");

    w->udp_port = (uint16_t)gs_json_int(&udp, "port", 1, 65535);
    w->client_ssrc = (uint32_t)gs_json_int(&udp, "client_ssrc", 0, UINT32_MAX);
    get_key(&srtp, "host_key", w->host_key);
    get_key(&srtp, "client_key", w->client_key);
    gs_json_leave(in, &udp);
    gs_json_leave(in, &srtp);
}

int gs_welcome_from_json(const char *json, size_t size, struct gs_welcome *ret)
{
    struct gs_json_in in = gs_json_open(json, size);
    struct gs_welcome w = {0};
    int err;

    if (!gs_json_version_is_ours(&in)) {
        json_decref(in.root);
        return -EPROTO;
    }
    gs_proto_get_session(&in, w.session);
    if (gs_json_has(&in, "resume"))
        gs_json_text(&in, "resume", w.resume, sizeof(w.resume));
    w.resumed = gs_json_has(&in, "resumed") && gs_json_bool(&in, "resumed");
    w.view = gs_json_has(&in, "view") && gs_json_bool(&in, "view");
    get_video(&in, &w);
    get_media(&in, &w);
    err = gs_json_close(&in);
    if (!err)
        *ret = w;
    return err;
}

char *gs_bye_to_json(const struct gs_bye *b)
{
    return gs_json_dump(json_pack("{si so si}", "v", GS_PROTO_VERSION, "reason",
                                  gs_json_text_new(b->reason), "status", b->status));
}

int gs_bye_from_json(const char *json, size_t size, struct gs_bye *ret)
{
    struct gs_json_in in = gs_json_open(json, size);
    struct gs_bye b = {0};
    int err;

    gs_json_text_cut(&in, "reason", b.reason, sizeof(b.reason));
    b.status = (int)gs_json_int(&in, "status", 0, 255);
    err = gs_json_close(&in);
    if (!err)
        *ret = b;
    return err;
}
