/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sessions of the daemon: who owns them, what they were made with, how they are; made, changed,
 * ended, kept on disk, and adopted again after the daemon itself was killed. What administrators
 * see (host/control.h) and what clients reach (host/door.h) both end here. Thread: the main one.
 *
 * Errors, beside 0: -ENOENT no such session, or not the caller's; -EEXIST; -EPERM; -EINVAL; -EDQUOT
 * a limit is met; -ENOSPC the disk is full; -EAGAIN not now; always with a sentence for the user in
 * *ret_why, for g_free.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/link.h"
#include "common/macros.h"
#include "host/config.h"
#include "host/grants.h"
#include "host/slots.h"

struct gs_sessions;

/* Who asks, by the credentials of the socket. Admins see and may do everything; others what is
 * theirs. */
struct gs_caller {
    uid_t uid;
    bool admin;
    char user[64];
};

enum gs_session_state {
    GS_SESSION_STARTING,
    GS_SESSION_QUEUED, /* waits until its floor can be promised */
    GS_SESSION_RUNNING,
    GS_SESSION_AWAY, /* runs, but its worker has not come back to this daemon yet */
    GS_SESSION_RESTARTING,
    GS_SESSION_ENDING,
    GS_SESSION_ENDED, /* only in the last callbacks and in crash reports */
};

extern const char *const gs_session_state_names[];

struct gs_session_client {
    uint32_t id;
    char address[64], program[64], decoder[32];
    bool view;
    uint64_t since; /* seconds since 1970 */
};

/* As of now; borrowed until the loop runs again. */
struct gs_session_info {
    const char *name, *user, *app; /* app: "" none of the catalogue */
    uid_t uid;
    char *const *argv;
    const struct gs_session_settings *settings;
    enum gs_session_state state;
    uint64_t created;         /* seconds since 1970 */
    uint64_t unwatched_since; /* the same; 0: somebody looks */
    pid_t worker, keeper;     /* 0: none */
    unsigned restarts;
    const struct gs_worker_ready *ready; /* NULL: it never was */
    const struct gs_worker_stats *stats; /* NULL: nothing came yet */
    uint64_t stats_age_ms;
    unsigned n_clients;
    const struct gs_session_client *clients;
    bool scheduled; /* grants counts */
    struct gs_grants_info grants;
    const char *share;      /* "user alice", "group cad": whose weight it shares; "": none */
    unsigned queue_place;   /* of QUEUED: 1 is next */
    uint64_t queued_s;      /* the same: how long it has waited */
    const char *queue_why;  /* the same: what it waits for; else NULL */
    const char *last_error; /* of the last worker that died; "": none did */
};

struct gs_session_request {
    char name[GS_PROTO_NAME_MAX]; /* "": one is made from the app's name */
    char app[GS_PROTO_NAME_MAX];  /* of the catalogue; "": argv */
    char user[64];                /* the owner; "": the caller. Others need an admin, and root */
    char **argv, **env;           /* borrowed; argv is added to an app's command */
    char **settings;              /* "key=value" over those of the app or of [session]; borrowed */
    bool queue;                   /* waits where its floor can't be promised yet */
};

/* err 0: ready (or ended, for gs_sessions_close); else as above, why a borrowed sentence. */
typedef void (*gs_sessions_done)(void *user, const char *name, int err, const char *why);

/* done is called later, once, if and only if this returned 0. */
int gs_sessions_create(struct gs_sessions *s, const struct gs_caller *caller,
                       const struct gs_session_request *request, gs_sessions_done done, void *user,
                       char **ret_why) GS_MUST_CHECK;
/* Nobody waits any more for what gs_sessions_create was called for with this `user`: one that is
 * queued is dropped, and done not called. False: it is not queued (any more), and goes on. */
bool gs_sessions_abandon(struct gs_sessions *s, void *user);
int gs_sessions_close(struct gs_sessions *s, const struct gs_caller *caller, const char *name,
                      gs_sessions_done done, void *user, char **ret_why) GS_MUST_CHECK;
int gs_sessions_find(struct gs_sessions *s, const struct gs_caller *caller, const char *name,
                     struct gs_session_info *ret, char **ret_why) GS_MUST_CHECK;
/* In the order of their names; stops where fn returns false. */
void gs_sessions_each(struct gs_sessions *s, const struct gs_caller *caller,
                      bool (*fn)(void *user, const struct gs_session_info *info), void *user);
/* All or nothing. "size=WxH" resizes; keys that a running session can't change are refused. */
int gs_sessions_set(struct gs_sessions *s, const struct gs_caller *caller, const char *name,
                    char *const *settings, char **ret_why) GS_MUST_CHECK;

/* ---- tickets ---- */

struct gs_ticket_request {
    uint32_t uses; /* 0: any number */
    int64_t ttl_s; /* 0: until the session ends; -1: as configured */
    bool view;     /* lets watch only */
};

struct gs_ticket_info {
    char id[16]; /* to revoke it; tells nothing of the ticket */
    bool view;
    uint32_t uses_left; /* 0: any number */
    uint64_t expires;   /* seconds since 1970; 0: with the session */
    uint64_t created;
};

/* *ret_url for g_free. */
int gs_sessions_ticket(struct gs_sessions *s, const struct gs_caller *caller, const char *name,
                       const struct gs_ticket_request *request, struct gs_ticket_info *ret_info,
                       char **ret_url, char **ret_why) GS_MUST_CHECK;
/* *ret for g_free. */
int gs_sessions_tickets(struct gs_sessions *s, const struct gs_caller *caller, const char *name,
                        struct gs_ticket_info **ret, unsigned *ret_n, char **ret_why) GS_MUST_CHECK;
/* id "all": each of them. Clients that are in stay. */
int gs_sessions_revoke(struct gs_sessions *s, const struct gs_caller *caller, const char *name,
                       const char *id, char **ret_why) GS_MUST_CHECK;

/* ---- what happened ---- */

/* The folder of a session's logs ("worker.log", "app.log"). *ret for g_free. Also for sessions that
 * ended, as long as their logs are kept. */
int gs_sessions_log_dir(struct gs_sessions *s, const struct gs_caller *caller, const char *name,
                        char **ret, char **ret_why) GS_MUST_CHECK;

struct gs_event {
    uint64_t seq;     /* counts up by one; begins anew with the daemon */
    uint64_t time;    /* seconds since 1970 */
    const char *kind; /* "session-created", "-running", "-restarted", "-ended", "-failed", "-hung",
                         "-adopted", "-spilled" (software encodes), "-hardware" (again);
                         "-queued", "-refused" (after it was queued), "-policed" (it runs by turns),
                         "-released" (no more), "-held" (its application stands still);
                         "floor-lowered", "-kept" (again); "client-joined", "-left";
                         "ticket-issued", "-revoked"; "config-reloaded" */
    const char *session, *user; /* "": none */
    const char *text;
    uid_t uid; /* of the session; who may see it */
};

/* Called from the loop, never from inside a call. The id is to remove it again, never 0. */
unsigned gs_sessions_listen(struct gs_sessions *s, void (*fn)(void *user, const struct gs_event *e),
                            void *user);
void gs_sessions_unlisten(struct gs_sessions *s, unsigned id);
/* The last ones, oldest first (at most 1000 are kept), those after `seq`. */
void gs_sessions_events(struct gs_sessions *s, const struct gs_caller *caller, uint64_t seq,
                        void (*fn)(void *user, const struct gs_event *e), void *user);

/* ---- the whole ---- */

struct gs_daemon_info {
    uint64_t started;                    /* seconds since 1970 */
    unsigned sessions, clients, waiting; /* waiting: connections without a ticket yet */
    uint64_t created, ended, failed, hung, adopted, refused; /* sessions, and clients refused */
    struct gs_slots_count encoder_slots;
};

void gs_sessions_daemon_info(struct gs_sessions *s, struct gs_daemon_info *ret);
/* As gs_grants_devices. */
unsigned gs_sessions_devices(struct gs_sessions *s, struct gs_grants_device *ret, unsigned most);
const struct gs_host_config *gs_sessions_config(struct gs_sessions *s);

/* Opens everything that the configuration names, takes back the sessions that an earlier daemon
 * left running, and lets clients in. config is borrowed and outlives it; its owner may change what
 * a reload may change and says so by gs_sessions_reloaded. Errors: -EBUSY another daemon is there;
 * -EADDRINUSE; -errno; with a sentence in *ret_why for g_free. */
int gs_sessions_open(struct gs_host_config *config, struct gs_sessions **ret,
                     char **ret_why) GS_MUST_CHECK;
void gs_sessions_reloaded(struct gs_sessions *s);
/* Ends all sessions and takes no more. done is called once, later, when nothing is left. */
void gs_sessions_close_all(struct gs_sessions *s, void (*done)(void *user), void *user);
/* Kills the workers that still run. */
void gs_sessions_kill_all(struct gs_sessions *s);
/* Lets go of all sessions, which run on for the next daemon, and frees. Callbacks that are still
 * owed are called with -EAGAIN. Accepts NULL. */
void gs_sessions_detach(struct gs_sessions *s);
/* TCP port of the door. */
uint16_t gs_sessions_port(struct gs_sessions *s);
