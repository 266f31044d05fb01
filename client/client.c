/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/client.h"

#include <errno.h>
#include <glib-unix.h>
#include <stdlib.h>
#include <string.h>

#include "client/client_internal.h"
#include "common/log.h"
#include "common/schedule.h"
#include "common/srtp.h"

void gs_client_finish(struct gs_client *c, enum gs_exit status)
{
    if (c->finishing)
        return;
    c->finishing = true;
    c->status = status;
    g_clear_handle_id(&c->reconnect_timer, g_source_remove);
    g_clear_handle_id(&c->note_timer, g_source_remove);
    g_clear_handle_id(&c->duration_timer, g_source_remove);
    if (c->conn)
        gs_connection_leave(c->conn, "the client ended");
    else
        g_main_loop_quit(c->loop);
}

static gboolean on_duration(void *user)
{
    struct gs_client *c = user;

    c->duration_timer = 0;
    gs_client_finish(c, GS_EXIT_DONE);
    return G_SOURCE_REMOVE;
}

int gs_client_start_session(struct gs_client *c)
{
    if (c->options->duration_s > 0)
        c->duration_timer = g_timeout_add((guint)(c->options->duration_s * 1000), on_duration, c);
    return gs_client_start_pipeline(c);
}

/* ---- life ---- */

/* A second signal does not wait for the host. */
static gboolean on_signal(void *user)
{
    struct gs_client *c = user;

    if (c->finishing)
        g_main_loop_quit(c->loop);
    gs_client_finish(c, GS_EXIT_DONE);
    return G_SOURCE_CONTINUE;
}

static void stop(struct gs_client *c)
{
    g_clear_pointer(&c->player, gs_player_destroy);
    gs_client_stop_control(c);
    g_clear_handle_id(&c->report_timer, g_source_remove);
    gs_client_stop_receiver(c);
    if (c->pipeline)
        gs_client_show(c); /* the last one, for the snapshot */
}

static void free_all(struct gs_client *c)
{
    if (c->presenter)
        c->presenter->impl->close(c->presenter);
    gs_decoder_destroy(c->decoder);
    if (c->motion_timer) {
        g_source_destroy(c->motion_timer);
        g_source_unref(c->motion_timer);
    }
    gs_input_keep_finish(&c->keep);
    g_main_loop_unref(c->loop);
    pthread_mutex_destroy(&c->lock);
    g_free(c->keymap_text);
    explicit_bzero(&c->welcome, sizeof(c->welcome));
    g_free(c);
}

enum gs_exit gs_client_run(const struct gs_client_options *options)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    guint signal_sources[GS_ARRAY_SIZE(signals)];
    struct gs_client *c = g_new0(struct gs_client, 1);
    enum gs_exit status;

    gs_schedule_prompt();
    gs_srtp_prepare();
    c->options = options;
    c->loop = g_main_loop_new(NULL, FALSE);
    pthread_mutex_init(&c->lock, NULL);
    gs_stats_init(&c->stats, options->start);
    gs_client_start_input(c);
    if (options->keymap) {
        char *text = gs_keymap_text(options->keymap);

        c->keymap_text = g_strdup(text);
        free(text);
    }
    for (size_t i = 0; i < GS_ARRAY_SIZE(signals); i++)
        signal_sources[i] = g_unix_signal_add(signals[i], on_signal, c);
    gs_client_start_connecting(c);
    g_main_loop_run(c->loop);
    stop(c);
    gs_client_report(c);
    for (size_t i = 0; i < GS_ARRAY_SIZE(signals); i++)
        g_source_remove(signal_sources[i]);
    status = c->status;
    free_all(c);
    gs_srtp_finish_prepare();
    return status;
}
