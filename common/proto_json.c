/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The JSON messages of common/proto.h. Readers collect failures in one flag, so that a message is
 * read from top to bottom and judged once. */
#include <errno.h>
#include <glib.h>
#include <jansson.h>
#include <string.h>

#include "common/proto.h"

#define FPS_LIMIT 240
#define ARGV_LIMIT 4096

/* ---- writing ---- */

/* A field is text of ours or of somebody who did not say its encoding; control characters would
 * break the lines of a log. */
static json_t *text(const char *field)
{
    g_autofree char *valid = g_utf8_make_valid(field, -1);

    for (char *p = valid; *p; p++) {
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            *p = ' ';
    }
    return json_string(valid);
}

static json_t *base64(const uint8_t *data, size_t size)
{
    g_autofree char *encoded = g_base64_encode(data, size);

    return json_string(encoded);
}

/* Takes the reference to o. What is written is small and valid, so that only memory can lack: that
 * ends the process, as g_new does. */
static char *dump(json_t *o)
{
    char *out = o ? json_dumps(o, JSON_COMPACT) : NULL;

    if (!out)
        g_error("no memory for a message");
    json_decref(o);
    return out;
}

/* ---- reading ---- */

struct in {
    json_t *root;
    bool bad;
};

static struct in open_json(const char *json, size_t size)
{
    struct in in = {.root = json_loadb(json, size, JSON_REJECT_DUPLICATES, NULL)};

    in.bad = !json_is_object(in.root);
    return in;
}

/* An object within; leave_json carries its failures up. */
static struct in enter_json(const struct in *in, const char *key)
{
    struct in inner = {.root = json_object_get(in->root, key)};

    inner.bad = !json_is_object(inner.root);
    return inner;
}

static void leave_json(struct in *in, const struct in *inner)
{
    in->bad |= inner->bad;
}

static int close_json(struct in *in)
{
    json_decref(in->root);
    return in->bad ? -EBADMSG : 0;
}

static bool version_is_ours(struct in *in)
{
    json_t *v = json_object_get(in->root, "v");

    if (!json_is_integer(v))
        in->bad = true;
    return in->bad || json_integer_value(v) == GS_PROTO_VERSION;
}

static json_int_t get_int(struct in *in, const char *key, json_int_t min, json_int_t max)
{
    json_t *v = json_object_get(in->root, key);

    if (!json_is_integer(v) || json_integer_value(v) < min || json_integer_value(v) > max) {
        in->bad = true;
        return min;
    }
    return json_integer_value(v);
}

static uint32_t get_side(struct in *in, const char *key)
{
    return (uint32_t)get_int(in, key, GS_SIDE_MIN, GS_SIDE_MAX);
}

static bool printable(const char *s)
{
    for (; *s; s++) {
        if ((unsigned char)*s < ' ' || *s == 0x7f)
            return false;
    }
    return true;
}

static void get_text(struct in *in, const char *key, char *out, size_t size)
{
    json_t *v = json_object_get(in->root, key);
    const char *s = json_string_value(v);

    if (!s || json_string_length(v) >= size || !printable(s)) {
        in->bad = true;
        return;
    }
    memcpy(out, s, json_string_length(v) + 1);
}

/* Cuts a text that is too long, between two characters. */
static void get_text_cut(struct in *in, const char *key, char *out, size_t size)
{
    const char *s = json_string_value(json_object_get(in->root, key));
    size_t len;

    if (!s || !printable(s)) {
        in->bad = true;
        return;
    }
    len = strlen(s);
    if (len >= size) {
        len = size - 1;
        while (len > 0 && ((unsigned char)s[len] & 0xc0) == 0x80)
            len--;
    }
    memcpy(out, s, len);
    out[len] = '\0';
}

static void get_session(struct in *in, char out[GS_PROTO_NAME_MAX])
{
    get_text(in, "session", out, GS_PROTO_NAME_MAX);
    if (!gs_session_name_valid(out))
        in->bad = true;
}

static void get_key(struct in *in, const char *key, uint8_t out[GS_SRTP_KEY_SIZE])
{
    char encoded[64] = "";
    g_autofree guchar *raw = NULL;
    g_autofree char *again = NULL;
    gsize size = 0;

    get_text(in, key, encoded, sizeof(encoded));
    raw = g_base64_decode(encoded, &size);
    again = g_base64_encode(raw, size);
    if (size != GS_SRTP_KEY_SIZE || strcmp(again, encoded) != 0)
        in->bad = true;
    else
        memcpy(out, raw, size);
}

static char **get_argv(struct in *in)
{
    json_t *list = json_object_get(in->root, "argv");
    g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);

    if (!json_is_array(list) || json_array_size(list) > ARGV_LIMIT)
        in->bad = true;
    for (size_t i = 0; !in->bad && i < json_array_size(list); i++) {
        const char *arg = json_string_value(json_array_get(list, i));

        if (arg)
            g_ptr_array_add(argv, g_strdup(arg));
        else
            in->bad = true;
    }
    g_ptr_array_add(argv, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&argv), FALSE);
}

/* ---- messages ---- */

char *gs_hello_to_json(const struct gs_hello *h)
{
    return dump(json_pack("{si so so so s{sI sI} so}", "v", GS_PROTO_VERSION, "session",
                          text(h->session), "ticket", text(h->ticket), "client", text(h->client),
                          "display", "width", (json_int_t)h->display_width, "height",
                          (json_int_t)h->display_height, "decoder", text(h->decoder)));
}

static void get_display(struct in *in, struct gs_hello *h)
{
    struct in display = enter_json(in, "display");

    h->display_width = (uint32_t)get_int(&display, "width", 0, 65535);
    h->display_height = (uint32_t)get_int(&display, "height", 0, 65535);
    leave_json(in, &display);
}

int gs_hello_from_json(const char *json, size_t size, struct gs_hello *ret)
{
    struct in in = open_json(json, size);
    struct gs_hello h = {0};
    int err;

    if (!version_is_ours(&in)) {
        json_decref(in.root);
        return -EPROTO;
    }
    get_session(&in, h.session);
    if (json_object_get(in.root, "ticket"))
        get_text(&in, "ticket", h.ticket, sizeof(h.ticket));
    get_text(&in, "client", h.client, sizeof(h.client));
    get_display(&in, &h);
    get_text(&in, "decoder", h.decoder, sizeof(h.decoder));
    err = close_json(&in);
    if (!err)
        *ret = h;
    return err;
}

static json_t *video(const struct gs_welcome *w)
{
    return json_pack("{sI sI sI sI so so so so}", "width", (json_int_t)w->width, "height",
                     (json_int_t)w->height, "fps", (json_int_t)w->fps, "ssrc", (json_int_t)w->ssrc,
                     "encoder", text(w->encoder), "converter", text(w->converter), "renderer",
                     text(w->renderer), "why", text(w->why));
}

char *gs_welcome_to_json(const struct gs_welcome *w)
{
    return dump(json_pack("{si so so s{sI sI} s{so so}}", "v", GS_PROTO_VERSION, "session",
                          text(w->session), "video", video(w), "udp", "port",
                          (json_int_t)w->udp_port, "client_ssrc", (json_int_t)w->client_ssrc,
                          "srtp", "host_key", base64(w->host_key, GS_SRTP_KEY_SIZE), "client_key",
                          base64(w->client_key, GS_SRTP_KEY_SIZE)));
}

static void get_video(struct in *in, struct gs_welcome *w)
{
    struct in v = enter_json(in, "video");

    w->width = get_side(&v, "width");
    w->height = get_side(&v, "height");
    w->fps = (uint32_t)get_int(&v, "fps", 1, FPS_LIMIT);
    w->ssrc = (uint32_t)get_int(&v, "ssrc", 0, UINT32_MAX);
    get_text(&v, "encoder", w->encoder, sizeof(w->encoder));
    get_text(&v, "converter", w->converter, sizeof(w->converter));
    get_text_cut(&v, "renderer", w->renderer, sizeof(w->renderer));
    get_text_cut(&v, "why", w->why, sizeof(w->why));
    leave_json(in, &v);
}

static void get_media(struct in *in, struct gs_welcome *w)
{
    struct in udp = enter_json(in, "udp");
    struct in srtp = enter_json(in, "srtp");

    w->udp_port = (uint16_t)get_int(&udp, "port", 1, 65535);
    w->client_ssrc = (uint32_t)get_int(&udp, "client_ssrc", 0, UINT32_MAX);
    get_key(&srtp, "host_key", w->host_key);
    get_key(&srtp, "client_key", w->client_key);
    leave_json(in, &udp);
    leave_json(in, &srtp);
}

int gs_welcome_from_json(const char *json, size_t size, struct gs_welcome *ret)
{
    struct in in = open_json(json, size);
    struct gs_welcome w = {0};
    int err;

    if (!version_is_ours(&in)) {
        json_decref(in.root);
        return -EPROTO;
    }
    get_session(&in, w.session);
    get_video(&in, &w);
    get_media(&in, &w);
    err = close_json(&in);
    if (!err)
        *ret = w;
    return err;
}

char *gs_bye_to_json(const struct gs_bye *b)
{
    return dump(json_pack("{si so si}", "v", GS_PROTO_VERSION, "reason", text(b->reason), "status",
                          b->status));
}

int gs_bye_from_json(const char *json, size_t size, struct gs_bye *ret)
{
    struct in in = open_json(json, size);
    struct gs_bye b = {0};
    int err;

    get_text_cut(&in, "reason", b.reason, sizeof(b.reason));
    b.status = (int)get_int(&in, "status", 0, 255);
    err = close_json(&in);
    if (!err)
        *ret = b;
    return err;
}

char *gs_worker_config_to_json(const struct gs_worker_config *c)
{
    json_t *argv = json_array();

    for (char **arg = c->argv; arg && *arg; arg++) {
        if (json_array_append_new(argv, json_string(*arg)) < 0) {
            json_decref(argv);
            return NULL;
        }
    }
    return dump(json_pack(
        "{si so sI sI sI sI sI so so so so so so si si so}", "v", GS_PROTO_VERSION, "session",
        text(c->session), "width", (json_int_t)c->width, "height", (json_int_t)c->height, "fps",
        (json_int_t)c->fps, "max_kbps", (json_int_t)c->max_kbps, "quality", (json_int_t)c->quality,
        "encoder", text(c->encoder), "converter", text(c->converter), "effort", text(c->effort),
        "source", text(c->source), "bind_address", text(c->bind_address), "runtime_dir",
        text(c->runtime_dir), "udp_first", c->udp_first, "udp_last", c->udp_last, "argv", argv));
}

int gs_worker_config_from_json(const char *json, size_t size, struct gs_worker_config *ret)
{
    struct in in = open_json(json, size);
    struct gs_worker_config c = {0};
    int err;

    if (!version_is_ours(&in)) {
        json_decref(in.root);
        return -EPROTO;
    }
    get_session(&in, c.session);
    c.width = get_side(&in, "width");
    c.height = get_side(&in, "height");
    c.fps = (uint32_t)get_int(&in, "fps", 1, FPS_LIMIT);
    c.max_kbps = (uint32_t)get_int(&in, "max_kbps", 0, GS_KBPS_MAX);
    c.quality = (uint32_t)get_int(&in, "quality", 0, GS_QUALITY_MAX);
    get_text(&in, "encoder", c.encoder, sizeof(c.encoder));
    get_text(&in, "converter", c.converter, sizeof(c.converter));
    get_text(&in, "effort", c.effort, sizeof(c.effort));
    get_text(&in, "source", c.source, sizeof(c.source));
    get_text(&in, "bind_address", c.bind_address, sizeof(c.bind_address));
    get_text(&in, "runtime_dir", c.runtime_dir, sizeof(c.runtime_dir));
    c.udp_first = (uint16_t)get_int(&in, "udp_first", 1, 65535);
    c.udp_last = (uint16_t)get_int(&in, "udp_last", c.udp_first, 65535);
    c.argv = get_argv(&in);
    err = close_json(&in);
    if (err)
        gs_worker_config_finish(&c);
    else
        *ret = c;
    return err;
}

void gs_worker_config_finish(struct gs_worker_config *c)
{
    g_strfreev(c->argv);
    c->argv = NULL;
}

char *gs_worker_ready_to_json(const struct gs_worker_ready *r)
{
    return dump(json_pack("{si si si so so so}", "v", GS_PROTO_VERSION, "udp_port", r->udp_port,
                          "x11_display", r->x11_display, "encoder", text(r->encoder), "converter",
                          text(r->converter), "renderer", text(r->renderer)));
}

int gs_worker_ready_from_json(const char *json, size_t size, struct gs_worker_ready *ret)
{
    struct in in = open_json(json, size);
    struct gs_worker_ready r = {0};
    int err;

    if (!version_is_ours(&in)) {
        json_decref(in.root);
        return -EPROTO;
    }
    r.udp_port = (uint16_t)get_int(&in, "udp_port", 0, 65535);
    r.x11_display = (int)get_int(&in, "x11_display", -1, 65535);
    get_text(&in, "encoder", r.encoder, sizeof(r.encoder));
    get_text(&in, "converter", r.converter, sizeof(r.converter));
    get_text_cut(&in, "renderer", r.renderer, sizeof(r.renderer));
    err = close_json(&in);
    if (!err)
        *ret = r;
    return err;
}
