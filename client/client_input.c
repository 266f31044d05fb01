/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way of the input: from the window or the script to the host. */
#include <errno.h>
#include <string.h>

#include "client/client_internal.h"
#include "common/log.h"

/* Returns whether there was a connection to send them on. */
static bool send_now(struct gs_client *c, const struct gs_input *records, size_t n)
{
    uint8_t bytes[GS_INPUT_BATCH * GS_INPUT_SIZE];
    uint64_t now = gs_now_ns();

    for (size_t i = 0; i < n; i++)
        gs_input_write(&records[i], bytes + i * GS_INPUT_SIZE);
    if (!c->conn || gs_connection_send(c->conn, GS_MSG_INPUT, bytes, n * GS_INPUT_SIZE) != 0)
        return false;
    pthread_mutex_lock(&c->lock);
    for (size_t i = 0; i < n; i++) {
        if (!gs_input_may_draw(&records[i]))
            continue;
        c->last_drawing_id = records[i].id;
        gs_stats_input(&c->stats, records[i].id, now);
    }
    pthread_mutex_unlock(&c->lock);
    return true;
}

static void send_records(void *user, const struct gs_input *records, size_t n)
{
    struct gs_client *c = user;
    bool sent = send_now(c, records, n);

    for (size_t i = 0; i < n; i++) {
        if (sent)
            gs_input_keep_sent(&c->keep, &records[i]);
        else
            gs_input_keep_add(&c->keep, &records[i], gs_now_ns());
    }
    if (sent)
        gs_client_end_idle(c);
}

/* Should the connection be gone again, its state is told once more with the next one. */
static void send_kept(void *user, const struct gs_input *in)
{
    struct gs_client *c = user;
    struct gs_input record = *in;

    record.id = gs_input_next_id(&c->input);
    if (record.time == 0)
        record.time = (uint32_t)(gs_now_ns() / GS_NS_PER_MS);
    if (!send_now(c, &record, 1))
        gs_debug("input was lost: the connection broke again");
}

static gboolean on_motion_due(GSource *source, GSourceFunc callback GS_UNUSED, void *user)
{
    struct gs_client *c = user;

    g_source_set_ready_time(source, -1);
    gs_input_flush(&c->input, gs_now_ns());
    return G_SOURCE_CONTINUE;
}

static gboolean no_callback(void *user GS_UNUSED)
{
    return G_SOURCE_CONTINUE;
}

void gs_client_start_input(struct gs_client *c)
{
    static GSourceFuncs funcs = {.dispatch = on_motion_due};

    gs_input_queue_init(&c->input, send_records, c);
    gs_input_keep_init(&c->keep);
    c->motion_timer = g_source_new(&funcs, sizeof(GSource));
    g_source_set_callback(c->motion_timer, no_callback, c, NULL);
    g_source_attach(c->motion_timer, NULL);
}

void gs_client_input(struct gs_client *c, const struct gs_input *in)
{
    uint64_t due;

    if (c->watching)
        return;
    gs_input_push(&c->input, in, gs_now_ns());
    due = gs_input_deadline(&c->input);
    g_source_set_ready_time(c->motion_timer, due ? (gint64)(due / GS_NS_PER_US) : -1);
}

static void send_keymap(struct gs_client *c)
{
    const char *text = c->keymap_text;

    c->keymap_pending =
        !c->conn || gs_connection_send(c->conn, GS_MSG_KEYMAP, text, strlen(text)) != 0;
}

/* The keymap first: a host releases what is pressed when it changes. */
void gs_client_tell_input(struct gs_client *c, bool anew)
{
    if (c->watching)
        return;
    if (c->keymap_text && (anew || c->keymap_pending))
        send_keymap(c);
    gs_input_flush(&c->input, gs_now_ns());
    gs_input_keep_tell(&c->keep, gs_now_ns(), send_kept, c);
    if (c->player)
        gs_player_input_sent(c->player);
}

/* The display's layout; kept for a connection that comes later. */
static void on_keymap(void *user, const char *text)
{
    struct gs_client *c = user;

    if (c->options->keymap)
        return;
    g_free(c->keymap_text);
    c->keymap_text = g_strdup(text);
    if (!c->watching)
        send_keymap(c);
}

static void on_window_closed(void *user)
{
    gs_client_finish(user, GS_EXIT_DONE);
}

static void on_input(void *user, const struct gs_input *in)
{
    gs_client_input(user, in);
}

static const struct gs_presenter_listener presenter_listener = {
    .input = on_input,
    .keymap = on_keymap,
    .closed = on_window_closed,
};

int gs_client_create_presenter(struct gs_client *c, struct gs_hello *hello)
{
    int err = gs_presenter_find(c->options->presenter)->create(&c->presenter);

    if (!err && c->presenter->impl->display)
        c->presenter->impl->display(c->presenter, &hello->display_width, &hello->display_height);
    return err;
}

int gs_client_open_presenter(struct gs_client *c)
{
    g_autofree char *title = g_strdup_printf("%s on %s%s", c->welcome.session, c->options->url.host,
                                             c->watching ? " (watching)" : "");
    const struct gs_presenter_params params = {
        .title = title,
        .width = c->welcome.width,
        .height = c->welcome.height,
        .overlay = c->options->overlay,
        .fullscreen = c->options->fullscreen,
        .listener = &presenter_listener,
        .user = c,
    };
    int err = c->presenter->impl->open(c->presenter, &params);

    c->presenting = !err;
    return err;
}

/* ---- script ---- */

static void on_script_input(void *user, const struct gs_input *in)
{
    struct gs_client *c = user;

    if (in->kind == GS_INPUT_MOTION_ABS && c->presenter->impl->pointer)
        c->presenter->impl->pointer(c->presenter, in->x / 256.0, in->y / 256.0);
    gs_client_input(c, in);
}

static uint32_t on_script_last_input(void *user)
{
    struct gs_client *c = user;

    gs_input_flush(&c->input, gs_now_ns());
    return c->last_drawing_id;
}

static int on_script_snapshot(void *user, const char *path)
{
    return gs_client_snapshot(user, path);
}

/* With a duration the client stays, unless the script says quit. */
static void on_script_done(void *user, int err, bool quit)
{
    struct gs_client *c = user;

    on_script_last_input(c); /* a motion that waits goes out */
    if (err || quit || c->options->duration_s == 0)
        gs_client_finish(c, err ? GS_EXIT_FAILED : GS_EXIT_DONE);
}

static const struct gs_player_listener player_listener = {
    .input = on_script_input,
    .last_input = on_script_last_input,
    .snapshot = on_script_snapshot,
    .done = on_script_done,
};

void gs_client_start_script(struct gs_client *c)
{
    c->player = gs_player_create(c->options->script, &player_listener, c);
}
