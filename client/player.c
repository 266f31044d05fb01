/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/player.h"

#include <errno.h>

#include "common/clock.h"
#include "common/log.h"

#define FRAME_TIMEOUT_MS 10000

struct gs_player {
    const struct gs_script *script;
    const struct gs_player_listener *listener;
    void *user;
    guint next;      /* step */
    unsigned wanted; /* frames that wait-frame waits for; 0: it does not */
    unsigned seen;   /* frames since the last input or wait-frame that have seen all input */
    uint32_t after;  /* the id of the last input */
    bool stale;      /* there was more input since */
    guint timer;
    bool quit;
};

static gboolean on_timer(void *user);

static void arm(struct gs_player *pl, unsigned ms)
{
    pl->timer = g_timeout_add(ms, on_timer, pl);
}

static void done(struct gs_player *pl, int err)
{
    pl->next = pl->script->steps->len;
    pl->listener->done(pl->user, err, pl->quit);
}

/* Asked when it matters only, for it makes a motion that waits go out. */
static void update_after(struct gs_player *pl)
{
    if (pl->stale)
        pl->after = pl->listener->last_input(pl->user);
    pl->stale = false;
}

/* Whether wait-frame has what it wants; if so it is over. */
static bool satisfied(struct gs_player *pl)
{
    if (pl->seen < pl->wanted)
        return false;
    pl->seen = pl->wanted = 0;
    return true;
}

/* Returns whether the next step may follow at once; -errno ends the script. */
static int play(struct gs_player *pl, const struct gs_script_step *step)
{
    switch (step->op) {
    case GS_SCRIPT_WAIT:
        arm(pl, (unsigned)(step->ns / GS_NS_PER_MS));
        return 0;
    case GS_SCRIPT_WAIT_FRAME:
        pl->wanted = step->count;
        update_after(pl);
        if (satisfied(pl))
            return 1;
        arm(pl, FRAME_TIMEOUT_MS);
        return 0;
    case GS_SCRIPT_INPUT:
        pl->listener->input(pl->user, &step->input);
        pl->stale = true;
        pl->seen = 0;
        return 1;
    case GS_SCRIPT_SNAPSHOT: {
        int err = pl->listener->snapshot(pl->user, step->path);
        return err ? err : 1;
    }
    case GS_SCRIPT_QUIT:
        pl->next = pl->script->steps->len;
        pl->quit = true;
        return 1;
    }
    return -EINVAL;
}

static void go_on(struct gs_player *pl)
{
    while (pl->next < pl->script->steps->len) {
        int more = play(pl, &g_array_index(pl->script->steps, struct gs_script_step, pl->next++));

        if (more == 0)
            return;
        if (more < 0) {
            done(pl, more);
            return;
        }
    }
    done(pl, 0);
}

static gboolean on_timer(void *user)
{
    struct gs_player *pl = user;

    pl->timer = 0;
    if (pl->wanted > 0) {
        gs_error("script, line %u: no new frame came within %d s",
                 g_array_index(pl->script->steps, struct gs_script_step, pl->next - 1).line,
                 FRAME_TIMEOUT_MS / 1000);
        done(pl, -ETIMEDOUT);
    } else {
        go_on(pl);
    }
    return G_SOURCE_REMOVE;
}

struct gs_player *gs_player_create(const struct gs_script *script,
                                   const struct gs_player_listener *listener, void *user)
{
    struct gs_player *pl = g_new0(struct gs_player, 1);

    pl->script = script;
    pl->listener = listener;
    pl->user = user;
    arm(pl, 0);
    return pl;
}

void gs_player_frame(struct gs_player *pl, uint32_t input_id)
{
    update_after(pl);
    if ((int32_t)(input_id - pl->after) < 0)
        return;
    pl->seen++;
    if (pl->wanted == 0 || !satisfied(pl))
        return;
    g_clear_handle_id(&pl->timer, g_source_remove);
    go_on(pl);
}

void gs_player_input_sent(struct gs_player *pl)
{
    pl->stale = true;
    pl->seen = 0;
}

void gs_player_destroy(struct gs_player *pl)
{
    if (!pl)
        return;
    g_clear_handle_id(&pl->timer, g_source_remove);
    g_free(pl);
}
