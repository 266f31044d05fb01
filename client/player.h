/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plays a script on the thread-default main context of its creator. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "client/script.h"

struct gs_player;

struct gs_player_listener {
    void (*input)(void *user, const struct gs_input *in);
    /* The id of the last input that may change the picture, which a release need not; 0: none. */
    uint32_t (*last_input)(void *user);
    int (*snapshot)(void *user, const char *path);
    /* Called once, at the end: 0; -ETIMEDOUT when a frame did not come; the error of a snapshot.
     * quit: the script said so. The player is not running any more; the callee may destroy it. */
    void (*done)(void *user, int err, bool quit);
};

/* Borrows the script. Starts with the next turn of the main loop. */
struct gs_player *gs_player_create(const struct gs_script *script,
                                   const struct gs_player_listener *listener, void *user);
/* A picture was shown that was drawn after the input with this id. To be told of all from the
 * player's creation on: those that came before a wait-frame count for it. */
void gs_player_frame(struct gs_player *pl, uint32_t input_id);
/* Input that had waited was sent only now: pictures before it do not count. */
void gs_player_input_sent(struct gs_player *pl);
void gs_player_destroy(struct gs_player *pl);
