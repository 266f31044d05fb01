/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the client's session share: client.c (life), client_control.c (connection,
 * clock), client_media.c, client_input.c and client_report.c. Main thread, but for what the lock
 * guards. */
#pragma once

#include <glib.h>
#include <pthread.h>

#include "client/client.h"
#include "client/clock_sync.h"
#include "client/decode.h"
#include "client/input.h"
#include "client/input_keep.h"
#include "client/pipeline.h"
#include "client/player.h"
#include "client/present.h"
#include "client/receive/receiver.h"
#include "client/reconnect.h"
#include "client/record.h"
#include "client/stats.h"
#include "client/video_size.h"

struct gs_client {
    const struct gs_client_options *options;
    GMainLoop *loop;
    enum gs_exit status;
    bool finishing;

    struct gs_connection *conn; /* NULL: between two */
    struct gs_welcome welcome;
    bool welcomed;  /* at least once */
    bool connected; /* conn was welcomed */
    bool watching;  /* no input is sent */
    struct gs_reconnect reconnect;
    uint64_t lost; /* when the connection was; 0: it is there, or never was */
    uint64_t longest_away;
    unsigned reconnects;
    guint reconnect_timer, note_timer, duration_timer, ping_timer, silence_timer, report_timer;
    struct gs_clock_sync clock;
    uint32_t last_drawing_id; /* of the last input that may change the picture */
    unsigned pings_sent;
    uint64_t ping_frames; /* decoded when the last PING left */
    uint64_t ping_time;
    bool ping_idle; /* nothing was between the last two */

    struct gs_decoder *decoder;   /* the pipeline's thread uses it */
    struct gs_recorder *recorder; /* likewise */
    struct gs_pipeline *pipeline;
    struct gs_presenter *presenter;
    bool presenting; /* it is open */
    struct gs_video_size video;
    uint32_t display_width, display_height;
    struct gs_receiver_stats receiver_before; /* of the receivers that are gone */

    struct gs_input_queue input;
    struct gs_input_keep keep;
    GSource *motion_timer;
    char *keymap_text;   /* NULL: the host's default */
    bool keymap_pending; /* could not be said yet */
    struct gs_player *player;

    uint64_t report_frames;                               /* decoded when the last REPORT was due */
    uint64_t overlay_time, overlay_frames, overlay_bytes; /* at the overlay's last update */

    pthread_mutex_t lock;         /* the two below */
    struct gs_receiver *receiver; /* written on the main thread only, which may read it unlocked */
    struct gs_stats stats;
};

/* Says goodbye where there is somebody to hear it; the loop ends when that is done. */
void gs_client_finish(struct gs_client *c, enum gs_exit status);

/* client_media.c */
int gs_client_start_pipeline(struct gs_client *c) GS_MUST_CHECK;
int gs_client_start_receiver(struct gs_client *c, GInetAddress *address) GS_MUST_CHECK;
/* Its counters are kept. Does nothing where there is none. */
void gs_client_stop_receiver(struct gs_client *c);
/* Of all receivers so far. */
void gs_client_get_receiver_stats(struct gs_client *c, struct gs_receiver_stats *ret);
/* Presents the picture that waits, if there is one. */
void gs_client_show(struct gs_client *c);

/* client.c */
int gs_client_start_session(struct gs_client *c) GS_MUST_CHECK;

/* client_control.c */
void gs_client_start_connecting(struct gs_client *c);
void gs_client_connect(struct gs_client *c);
void gs_client_stop_control(struct gs_client *c);
/* A frame came, or input went, after a silence in which the host was hardly asked. */
void gs_client_end_idle(struct gs_client *c);

/* client_input.c */
void gs_client_start_input(struct gs_client *c);
void gs_client_input(struct gs_client *c, const struct gs_input *in);
/* There is a connection: what it has to be told of keyboard and pointer. anew: to a host that may
 * not know the keymap. */
void gs_client_tell_input(struct gs_client *c, bool anew);
/* Says in hello what the display is like. */
int gs_client_create_presenter(struct gs_client *c, struct gs_hello *hello) GS_MUST_CHECK;
int gs_client_open_presenter(struct gs_client *c) GS_MUST_CHECK;
void gs_client_start_script(struct gs_client *c);

/* client_report.c */
/* What failed is logged. */
int gs_client_snapshot(struct gs_client *c, const char *path) GS_MUST_CHECK;
void gs_client_update_overlay(struct gs_client *c);
/* A frame was shown: the host is told how it goes, once a second while there are more. */
void gs_client_report_soon(struct gs_client *c);
/* After everything has stopped: snapshot, recording, statistics; may change the status to failed.
 */
void gs_client_report(struct gs_client *c);
