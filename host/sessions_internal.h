/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of host/sessions share. Main thread. */
#pragma once

#include <glib.h>

#include "common/log.h"
#include "host/adoption.h"
#include "host/door.h"
#include "host/grants.h"
#include "host/keeper_process.h"
#include "host/runtime_dir.h"
#include "host/sessions.h"
#include "host/slots.h"
#include "host/state.h"
#include "host/worker.h"

#define GS_RESTARTS_MAX 3
#define GS_RESTARTS_WINDOW_S 60
#define GS_RESUME_S 60 /* how long a client that went may come back with its resume ticket */

/* Somebody who waits for the end of something. */
struct gs_waiter {
    gs_sessions_done done;
    void *user;
};

struct gs_session {
    struct gs_sessions *all;
    struct gs_kept_session kept; /* its tickets are in gs_sessions.tickets while it is here */
    enum gs_session_state state;
    struct gs_worker *worker;       /* NULL in AWAY and RESTARTING */
    struct gs_keeper_process *away; /* the keeper while its worker is away */
    struct gs_runtime_dir *dir;     /* until the worker is ready */
    uint64_t away_since_ns;
    bool given_up;     /* it did not come back */
    uint64_t log_from; /* where in worker.log its worker began */
    bool was_ready;
    struct gs_worker_ready ready;
    struct gs_worker_stats stats;
    uint64_t stats_ns;            /* 0: none came */
    struct gs_slot_session *slot; /* while there is a worker */
    /* Of the scheduler, while its worker is ready. The link may come before. */
    struct gs_grants_session *grants;
    GSocketConnection *grants_link; /* over which its page went; NULL: it has none */
    GSource *grants_watch;          /* for the end of that */
    enum gs_grants_held held;       /* said last */
    char share[80];                 /* "user alice", "group cad"; "": none */
    uint64_t unwatched_ns;          /* since when nobody looks, while there are no clients */
    GArray *clients;                /* struct gs_session_client */
    /* The end, where it is known why. */
    bool app_ended, closing;
    char why[256];
    int status; /* for clients */
    struct gs_waiter creator;
    GArray *closers;                        /* struct gs_waiter */
    uint64_t restarted_ns[GS_RESTARTS_MAX]; /* a ring */
    unsigned next_restart;
    guint restart_timer;
    bool said_policed;
    uint32_t said_floor; /* lowered to that; 0: kept */
    unsigned low_for;    /* looks in a row that it was lower than wished */
    /* While it is QUEUED. */
    uint64_t queued_ns, queue_number; /* the lowest number is next */
    char *queue_why;
};

/* A client that is in. */
struct gs_visitor {
    struct gs_session *session;
    char resume[GS_PROTO_TICKET_MAX];
};

struct gs_sessions {
    struct gs_host_config *config;
    struct gs_state *state;
    struct gs_tickets *tickets;
    GTlsCertificate *certificate;
    struct gs_door *door;
    struct gs_adoption *adoption;
    char *program, *keeper_program, *base, *crashes;
    GTree *sessions;      /* name → struct gs_session */
    GHashTable *visitors; /* id of the client → struct gs_visitor */
    GArray *orphans;      /* hashes of the secrets of workers whose session is over */
    struct gs_events *events;
    struct gs_slots *slots;
    uint64_t last_queue_number;
    struct gs_grants *scheduler;
    GHashTable *costs; /* of frames (sessions_grants.c) */
    struct gs_daemon_info info;
    bool closing_all, restored, door_open;
    void (*all_closed)(void *user);
    void *all_closed_user;
    guint tick, door_timer, closed_idle;
};

uint64_t gs_wall_s(void);

/* ---- sessions.c ---- */

struct gs_session *gs_session_find(struct gs_sessions *s, const char *name);
bool gs_session_is_visible(const struct gs_session *session, const struct gs_caller *caller);
/* For what a caller asks by name: -ENOENT where it is not theirs either. */
int gs_session_lookup(struct gs_sessions *s, const struct gs_caller *caller, const char *name,
                      struct gs_session **ret, char **ret_why) GS_MUST_CHECK;
/* All of them, in their order; for g_ptr_array_unref. For loops in which they may end. */
GPtrArray *gs_sessions_list(struct gs_sessions *s);
struct gs_session *gs_session_new(struct gs_sessions *s, struct gs_kept_session *take);
void gs_session_free(struct gs_session *session);
/* Writes what is kept of it, with its tickets. */
int gs_session_save(struct gs_session *session) GS_MUST_CHECK;
void gs_session_save_or_warn(struct gs_session *session);
/* Of sessions that ended. */
void gs_sessions_prune_logs(struct gs_sessions *s);

/* ---- sessions_start.c ---- */

/* 0 or -errno, with a sentence in *ret_why for g_free. */
int gs_session_start_worker(struct gs_session *session, char **ret_why) GS_MUST_CHECK;
/* Of a worker that came back. */
void gs_session_fill_params(struct gs_session *session, const struct gs_keeper_config *keeper,
                            struct gs_worker_params *ret);
void gs_session_fill_keeper(struct gs_session *session, struct gs_keeper_config *ret);
/* Another daemon in the same control group may have a session of that name. */
void gs_session_name_cgroup(const struct gs_session *session, char out[256]);

/* ---- sessions_life.c ---- */

/* Its worker is gone, in order (how NULL) or not (a predicate). */
void gs_session_worker_gone(struct gs_session *session, const char *how);
/* Starts it once more, in `wait_s` seconds. */
void gs_session_restart(struct gs_session *session, unsigned wait_s);
/* Begins to end it; `why` for its clients. */
void gs_session_begin_end(struct gs_session *session, const char *why);

/* ---- sessions_create.c ---- */

bool gs_session_app_allowed(const struct gs_app *app, const struct gs_caller *caller);
/* "key=value" each. 0; -EINVAL with a sentence in *ret_why for g_free. */
int gs_session_settings_apply(struct gs_session_settings *set, char *const *settings,
                              char **ret_why) GS_MUST_CHECK;
const struct gs_session_settings *gs_session_settings_given(const struct gs_sessions *s,
                                                            const char *app);
/* Whether the caller may ask for this. 0; -EPERM, likewise. */
int gs_session_settings_check(const struct gs_sessions *s, const char *app,
                              const struct gs_session_settings *before,
                              const struct gs_session_settings *wanted,
                              const struct gs_caller *caller, char **ret_why) GS_MUST_CHECK;

/* Starts its worker, and says that it was created; as gs_session_start_worker. */
int gs_session_begin(struct gs_session *session, char **ret_why) GS_MUST_CHECK;

/* ---- sessions_admit.c ---- */

/* Whether it may be promised what is wanted for it; its own present floor does not count. 0, or
 * -EDQUOT with a sentence in *ret_why; *ret_short (may be NULL): what it waits for, a few words;
 * NULL: waiting is of no use. Both for g_free. caller: who may not be told the names of others'
 * sessions; NULL: nobody. */
int gs_session_admit(const struct gs_session *session, const struct gs_session_settings *wanted,
                     const struct gs_caller *caller, char **ret_why,
                     char **ret_short) GS_MUST_CHECK;

/* What floors have of each: of those whose frames nobody measured yet, what is assumed. */
void gs_sessions_fill_promised(struct gs_sessions *s, struct gs_grants_device *devices, unsigned n);

/* ---- sessions_queue.c ---- */

void gs_session_enqueue(struct gs_session *session, const char *why);
unsigned gs_session_queue_place(const struct gs_session *session);
/* It is refused, and freed. */
void gs_session_leave_queue(struct gs_session *session, const char *why);
/* Starts those that fit now, refuses those that waited for too long; once a second. */
void gs_sessions_try_queue(struct gs_sessions *s);

/* ---- sessions_watch.c ---- */

/* Events about what the scheduler does with it, as it is now; once a second. */
void gs_session_say_grants(struct gs_session *session, const struct gs_grants_info *info);

/* ---- sessions_clients.c ---- */

extern const struct gs_client_listener gs_sessions_door_listener;
void gs_session_client_data(void *user, uint32_t client, uint8_t type, const uint8_t *payload,
                            size_t size);
void gs_session_client_close(void *user, uint32_t client, const struct gs_bye *bye);
/* Says goodbye to all clients; or drops them without a word, so that they come back. */
void gs_session_dismiss(struct gs_session *session, const struct gs_bye *bye);
void gs_session_drop_clients(struct gs_session *session, const char *why);

/* ---- sessions_adopt.c ---- */

/* Takes back what an earlier daemon left. */
void gs_sessions_restore(struct gs_sessions *s);
void gs_sessions_on_adopt(void *user, GSocketConnection *conn, const struct gs_adoption_peer *peer,
                          const struct gs_worker_adopt *adopt);
/* Now and then: whoever stays away too long. */
void gs_sessions_check_away(struct gs_sessions *s, uint64_t now_ns);
/* Lets clients in as soon as nobody is expected any more, or now. */
void gs_sessions_maybe_open_door(struct gs_sessions *s, bool now);

/* ---- sessions_open.c ---- */

/* Looks after what is due, once a second while there are sessions. */
void gs_sessions_start_tick(struct gs_sessions *s);

/* ---- sessions_slots.c ---- */

/* Of the worker that is about to start, or is away. */
void gs_session_add_slot(struct gs_session *session);
/* It is gone. */
void gs_session_remove_slot(struct gs_session *session);
/* As in struct gs_worker_listener. */
void gs_session_slot_wanted(void *user, bool fixed);
void gs_session_slot_free(void *user, enum gs_slot_end how);
/* Before they replace those in the session. */
void gs_session_slot_stats(struct gs_session *session, const struct gs_worker_stats *stats);
/* Says to workers what is due; after every change, and once a second. */
void gs_sessions_tell_slots(struct gs_sessions *s);

/* ---- sessions_grants.c ---- */

/* 0 or -errno, with a sentence in *ret_why for g_free. */
int gs_sessions_open_grants(struct gs_sessions *s, char **ret_why) GS_MUST_CHECK;
void gs_sessions_close_grants(struct gs_sessions *s);
/* The configuration is another one. */
void gs_sessions_reload_grants(struct gs_sessions *s);
/* Learns what frames cost, and says what changed; once a second. */
void gs_sessions_tick_grants(struct gs_sessions *s);
/* Its worker is ready, or came back. */
void gs_session_add_grants(struct gs_session *session);
/* It is gone. */
void gs_session_remove_grants(struct gs_session *session);
/* Its settings are others. */
void gs_session_set_grants(struct gs_session *session);
void gs_session_fill_grants(const struct gs_session *session, struct gs_session_info *ret);
/* The render node that it is to draw with; "": its worker chooses. */
void gs_session_choose_gpu(const struct gs_session *session, char out[64]);
/* As in struct gs_adoption_listener. */
void gs_sessions_on_grants(void *user, GSocketConnection *conn, const struct gs_adoption_peer *peer,
                           const struct gs_worker_grants *grants);
/* Of one frame, p90; 0: there were too few to believe it. */
uint64_t gs_session_measured_cost(const struct gs_grants_info *info);
/* Of one frame, p90, as those of this application took that ran here; 0: not known. app: "" none
 * of the catalogue. Scaled where only other sizes are known. */
uint64_t gs_sessions_expected_cost(const struct gs_sessions *s, const char *app, const char *argv0,
                                   uint32_t width, uint32_t height);

/* ---- sessions_events.c ---- */

struct gs_events *gs_events_create(void);
void gs_events_destroy(struct gs_events *events);
/* A line of the log about a session. */
#define gs_session_log(level, about, ...)                                                          \
    gs_log_session(level, (about)->kept.name, (about)->kept.user, __VA_ARGS__)

/* session may be NULL. Also a line in the log. */
void gs_sessions_say(struct gs_sessions *s, const struct gs_session *session, const char *kind,
                     const char *fmt, ...) GS_PRINTF(4, 5);
