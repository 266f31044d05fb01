/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A listener for tests of sources: keeps the source's picture composed in memory, answers frame
 * callbacks after a period, and waits for conditions in the default GMainContext.
 */
#pragma once

#include <glib.h>
#include <pixman.h>

#include "session/source.h"

struct source_rig {
    struct gs_source *src;
    char *runtime_dir;
    uint32_t width, height;
    uint32_t scene_width, scene_height; /* of the last capture */
    uint32_t *pixels;                   /* XRGB8888, width × height */
    pixman_image_t *image;

    unsigned n_damaged, n_frame_wanted, n_kept, n_cursor, n_mode, n_ended, n_captures, n_layers;
    unsigned n_sync_wanted, n_drawn, drawn_early; /* before the commit that it is of */
    uint64_t commit_ns;                           /* of the last damaged */
    bool dirty;                                   /* damaged since the last capture */
    bool keep_up;                                 /* capture whenever it is dirty */
    bool silent;                                  /* frame callbacks are not answered */
    unsigned sync_ms;          /* after which what is held is answered; 0: never */
    unsigned seen;             /* the test's own */
    pixman_region32_t damage;  /* that the last capture came with */
    uint64_t damage_area_last; /* of that one */
    uint64_t damage_area;      /* of all captures so far */
    struct gs_cursor_msg cursor;
    enum gs_pointer_mode mode;
    int wait_status;
    char reason[256];
    bool socket_left; /* after source_rig_close */
    guint frame_timer, sync_timer;
    uint32_t input_id;
};

/* Creates and starts source name with argv (NULL-terminated). 0 or what it returned. */
int source_rig_open(struct source_rig *rig, const char *name, uint32_t width, uint32_t height,
                    char *const *argv) GS_MUST_CHECK;
/* Which takes GPU buffers, too. egl is borrowed. */
int source_rig_open_gpu(struct source_rig *rig, const char *name, uint32_t width, uint32_t height,
                        char *const *argv, struct gs_egl *egl) GS_MUST_CHECK;
void source_rig_close(struct source_rig *rig);
/* Iterates until done(rig) or timeout_ms; returns done(rig). */
bool source_rig_wait(struct source_rig *rig, bool (*done)(struct source_rig *rig), int timeout_ms);
void source_rig_run(struct source_rig *rig, int ms);
/* Resizes the source; the picture follows, black. Returns what it returned. */
int source_rig_resize(struct source_rig *rig, uint32_t width, uint32_t height) GS_MUST_CHECK;
int source_rig_capture(struct source_rig *rig, bool full);
/* Writes the picture to $GS_TEST_PICTURES/name.png, if that is set. */
void source_rig_picture(struct source_rig *rig, const char *name);
/* Number of different colours, at most max. */
unsigned source_rig_colours(const struct source_rig *rig, unsigned max);
uint32_t source_rig_pixel(const struct source_rig *rig, uint32_t x, uint32_t y);
/* A hash of the picture. */
uint32_t source_rig_hash(const struct source_rig *rig);

void source_rig_input(struct source_rig *rig, enum gs_input_kind kind, unsigned code,
                      unsigned state, int32_t x, int32_t y);
void source_rig_move(struct source_rig *rig, int x, int y);
void source_rig_click(struct source_rig *rig, unsigned button);
void source_rig_key(struct source_rig *rig, unsigned code);
