/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of host/grants share. All of it is guarded by the lock; each function is called
 * with the lock held, by the scheduler's thread but where it says otherwise. */
#pragma once

#include <glib.h>
#include <pthread.h>

#include "common/freezer.h"
#include "host/grants.h"
#include "host/meter.h"

#define GS_GRANTS_TICK_NS (20 * GS_NS_PER_MS)  /* while anything is active */
#define GS_GRANTS_LOOK_NS (200 * GS_NS_PER_MS) /* between two looks for processes of a session */
#define GS_GRANTS_QUIET_NS                                                                         \
    (200 * GS_NS_PER_MS) /* without a kick for that long nothing is active                         \
                          */

/* Sessions that have one weight together. */
struct gs_grants_group {
    char *name;
    struct gs_sched_group *sched;
    unsigned sessions;
};

/* Counters of the worker as they were when its page was looked at last. */
struct gs_grants_seen {
    uint32_t asked, started, finished;
    uint64_t at;
};

/* Whether it stands still when it is told to (host/grants_hold.c). */
struct gs_grants_stand {
    struct gs_freezer freezer; /* of the session's control group; not open: none */
    uint64_t since;            /* counted up to here while it is held; 0: it is not */
    uint64_t used_then;
    uint64_t held_ns, used_ns; /* of this window: time held, and what was used meanwhile */
    uint64_t last;             /* held last */
    enum gs_grants_held state;
    bool frozen;
};

/* Its part of the processors (host/grants_weigh.c). */
struct gs_grants_weight {
    int fd; /* -1: nothing is to be done about it */
    bool v2;
    uint32_t written; /* 0: nothing, since its settings changed */
};

struct gs_grants_session {
    struct gs_grants *g;
    char *name;
    struct gs_sched_session *sched;
    struct gs_sched_settings settings; /* as wished */
    uint32_t fps;                      /* as it was told to the policy */
    struct gs_grants_group *group;     /* NULL: none */
    unsigned device;
    struct gs_meter *meter; /* NULL: it can't be measured */
    uint64_t measured_ns;   /* by the meter, at the time below */
    uint64_t measured_at;
    uint64_t looked_at; /* for its processes */
    /* Its page. */
    struct gs_grant_channel channel;
    uint64_t id; /* in the epoll set; 0: it has no page */
    struct gs_grants_seen seen;
    bool wants;   /* told to the policy */
    bool granted; /* and not begun yet */
    bool drawing;
    uint64_t begun_at; /* granted or begun */
    uint32_t flags, max_fps;
    /* Kicks in this millisecond. */
    uint64_t window_at;
    unsigned kicks;
    uint64_t muted_until; /* 0: it is listened to */
    uint64_t floods, nonsense;
    struct gs_grants_stand stand;
    struct gs_grants_weight weight;
};

/* What others than sessions use of the processors (host/grants_others.c). */
struct gs_grants_others {
    int fd;
    unsigned processors;  /* of the machine */
    uint64_t at, told_at; /* this window began; 0: never */
    double idle, rate;    /* then; of one processor, by the window before */
    uint64_t used;        /* by sessions, then */
};

struct gs_grants {
    pthread_t thread;
    pthread_mutex_t lock;
    int epoll, wake;
    bool stop;
    struct gs_sched *sched;
    struct gs_sched_params params;
    char gpu[GS_SCHED_DEVICES_MAX][64];     /* of params.device; "": software */
    uint64_t used_ns[GS_SCHED_DEVICES_MAX]; /* by all sessions, ever */
    struct gs_grants_others others;
    char *root;
    GPtrArray *sessions; /* struct gs_grants_session, not owned */
    GHashTable *pages;   /* id → session */
    GHashTable *groups;  /* name → struct gs_grants_group */
    uint64_t last_id;
    uint64_t kicked_at; /* by any worker; 0: never */
    uint64_t tick_at;   /* 0: nothing is active */
};

/* ---- grants_devices.c ---- */

/* Before there is a thread. */
void gs_grants_find_devices(struct gs_grants *g, uint32_t depth);
/* -1: there is none of that name. Any thread: devices do not change. */
int gs_grants_device_of(const struct gs_grants *g, const char *gpu);

/* ---- grants_others.c ---- */

/* Before there is a thread, and after. */
void gs_grants_others_init(struct gs_grants *g);
void gs_grants_others_finish(struct gs_grants *g);
void gs_grants_others_tick(struct gs_grants *g, uint64_t now);

/* ---- grants_thread.c ---- */

void *gs_grants_run(void *g);
/* Main: something was changed. */
void gs_grants_wake(struct gs_grants *g);

/* ---- grants_session.c ---- */

/* Its worker kicked. */
void gs_grants_kicked(struct gs_grants_session *x, uint64_t now);
void gs_grants_tick_session(struct gs_grants_session *x, uint64_t now);
/* Listens again. */
void gs_grants_unmute(struct gs_grants_session *x, uint64_t now);
/* Charges what was used since it was measured last, of that as much as `most_ns` on each engine. */
void gs_grants_measure(struct gs_grants_session *x, uint64_t now, uint64_t most_ns);
/* Carries out what the policy wants done now. */
void gs_grants_obey(struct gs_grants *g, uint64_t now);
/* Main. A page that was made for it counts from now on; -errno. */
int gs_grants_take_page(struct gs_grants_session *x, const struct gs_grant_channel *channel,
                        uint64_t now) GS_MUST_CHECK;
/* Main. */
void gs_grants_drop_page(struct gs_grants_session *x, uint64_t now);

#define GS_GRANTS_CHARGE_NS (100 * GS_NS_PER_MS) /* at most, after a time without any activity */
#define GS_GRANTS_ASKED_NS (2 * GS_NS_PER_S)     /* somebody wants to know */

/* ---- grants_weigh.c ---- */

/* Main. cgroups: as in the parameters of the session. */
void gs_grants_weigh_open(struct gs_grants_session *x, const char *cgroups);
/* 0: nothing is said. */
void gs_grants_weigh(struct gs_grants_session *x, uint32_t weight);
/* Main. As if there were no scheduler. */
void gs_grants_weigh_close(struct gs_grants_session *x);

/* ---- grants_hold.c ---- */

/* Main. cgroups: as in the parameters of the session. */
void gs_grants_stand_init(struct gs_grants_stand *s, const char *cgroups);
/* It is told to stand still, or to go on; measured just before. */
void gs_grants_stand_tell(struct gs_grants_session *x, bool still, uint64_t now);
/* Now and then. */
void gs_grants_stand_check(struct gs_grants_session *x, uint64_t now);
void gs_grants_stand_finish(struct gs_grants_stand *s);
