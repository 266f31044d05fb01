/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changing a session while it runs. */
#include <errno.h>
#include <string.h>

#include "host/cgroup_session.h"
#include "host/sessions_internal.h"

/* The first key that differs and can't be changed; NULL: none. */
static const char *fixed_key(const struct gs_session_settings *a,
                             const struct gs_session_settings *b)
{
    if (strcmp(a->encoder, b->encoder) != 0)
        return "encoder";
    if (strcmp(a->converter, b->converter) != 0)
        return "converter";
    if (a->sandbox != b->sandbox)
        return "sandbox";
    if (a->viewers != b->viewers)
        return "viewers";
    if (a->memory_max != b->memory_max)
        return "memory-max";
    if (a->tasks_max != b->tasks_max)
        return "tasks-max";
    if (a->cpu_percent != b->cpu_percent)
        return "cpu-max";
    return NULL;
}

static int32_t changed(uint32_t before, uint32_t now)
{
    return before == now ? GS_SET_UNCHANGED : (int32_t)now;
}

static int tell_worker(struct gs_session *session, const struct gs_session_settings *now)
{
    const struct gs_session_settings *before = &session->kept.settings;
    struct gs_worker_set set = {.fps = changed(before->fps, now->fps),
                                .max_kbps = changed(before->max_kbps, now->max_kbps),
                                .quality = changed(before->quality, now->quality),
                                .unwatched = changed(before->unwatched, now->unwatched)};
    const struct gs_worker_set none = GS_WORKER_SET_NONE;
    int err = 0;

    if (strcmp(before->effort, now->effort) != 0)
        g_strlcpy(set.effort, *now->effort ? now->effort : "auto", sizeof(set.effort));
    if (memcmp(&set, &none, sizeof(set)) != 0)
        err = gs_worker_send_set(session->worker, &set);
    if (!err && (before->width != now->width || before->height != now->height))
        err = gs_worker_resize(session->worker, &(struct gs_video){now->width, now->height});
    return err;
}

static int check(struct gs_session *session, const struct gs_caller *caller,
                 const struct gs_session_settings *now, char **ret_why)
{
    const char *key = fixed_key(&session->kept.settings, now);

    if (key) {
        *ret_why = g_strdup_printf("%s can't be changed while a session runs; close it and create "
                                   "it anew",
                                   key);
        return -EINVAL;
    }
    if (session->state != GS_SESSION_RUNNING) {
        *ret_why = g_strdup_printf("the session is %s; try again when it runs",
                                   gs_session_state_names[session->state]);
        return -EAGAIN;
    }
    return gs_session_settings_check(session->all, session->kept.app, &session->kept.settings, now,
                                     caller, ret_why);
}

/* What it has been promised it keeps; more must be there. */
static int admit(const struct gs_session *session, const struct gs_caller *caller,
                 const struct gs_session_settings *now, char **ret_why)
{
    if (now->floor_fps <= session->kept.settings.floor_fps)
        return 0;
    return gs_session_admit(session, now, caller, ret_why, NULL);
}

static void weigh_processors(struct gs_session *session, const struct gs_session_settings *now)
{
    uint32_t weight = gs_session_cpu_weight(now);
    struct gs_keeper_config keeper;
    int err;

    if (weight == gs_session_cpu_weight(&session->kept.settings))
        return;
    gs_session_fill_keeper(session, &keeper);
    err = gs_cgroup_session_set_cpu_weight("/", keeper.cgroup, weight);
    if (err)
        gs_session_log(GS_LOG_INFO, session, "its share of the processors stays: %s",
                       g_strerror(-err));
}

int gs_sessions_set(struct gs_sessions *s, const struct gs_caller *caller, const char *name,
                    char *const *settings, char **ret_why)
{
    struct gs_session_settings now;
    struct gs_session *session;
    int err = gs_session_lookup(s, caller, name, &session, ret_why);

    if (err)
        return err;
    now = session->kept.settings;
    err = gs_session_settings_apply(&now, settings, ret_why);
    err = err ? err : check(session, caller, &now, ret_why);
    err = err ? err : admit(session, caller, &now, ret_why);
    if (err)
        return err;
    if (tell_worker(session, &now) < 0) {
        *ret_why = g_strdup("the session's worker is not reached; try again");
        return -EAGAIN;
    }
    weigh_processors(session, &now);
    session->kept.settings = now;
    gs_slots_set_weight(session->slot, now.weight);
    gs_session_set_grants(session);
    gs_session_save_or_warn(session);
    return 0;
}
