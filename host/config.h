/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration of the daemon: host.conf, the files those in conf.d after it in the order of
 * their names, and what holds without them. Every key is a row of one table (host/config_keys.c):
 * reading, checking, --print-config and the manual page come from there. Main thread.
 *
 * A file that is wrong anywhere changes nothing: all errors are told, each with its file and line.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/link.h"
#include "common/macros.h"

enum gs_restart {
    GS_RESTART_NEVER,      /* a session ends with its worker */
    GS_RESTART_ON_FAILURE, /* a worker that died is started again, a few times */
};

extern const char *const gs_restart_names[];

/* What a session is made with. */
struct gs_session_settings {
    uint32_t width, height, fps;
    uint32_t max_kbps;                           /* 0: no limit */
    uint32_t quality;                            /* 0: the encoder's default */
    char encoder[32], converter[32], effort[16]; /* "": choose */
    uint32_t weight;                             /* share of the GPU beside others, 1 … 10000 */
    uint32_t floor_fps;                          /* frames a second that are promised; 0: none */
    uint32_t cap_percent;                        /* of the GPU, at most; 0: no limit */
    uint32_t cpu_weight; /* share of the processors, 1 … 10000; UINT32_MAX: as weight */
    enum gs_sandbox sandbox;
    enum gs_unwatched unwatched;
    enum gs_restart restart;
    uint32_t idle_timeout_s; /* unwatched that long, it ends; 0: never */
    uint32_t viewers;        /* most at a time */
    uint64_t memory_max;     /* bytes; 0: no limit */
    uint32_t tasks_max;      /* 0: no limit */
    uint32_t cpu_percent;    /* of one processor; 0: no limit */
    uint32_t ticket_ttl_s;   /* of a ticket that says nothing else; 0: until the session ends */
};

/* [user NAME], [group NAME]: what the sessions of a user, or of a group's members who have no such
 * section of their own, weigh together. */
struct gs_share {
    char name[64];
    bool group;
    uint32_t weight; /* 1 … 10000 */
};

/* [app NAME]: a published application. */
struct gs_app {
    char name[GS_PROTO_NAME_MAX];
    char title[128];
    char desktop_id[128]; /* of its desktop entry; "": none */
    char **command;
    char **env;                          /* NAME=value */
    char **users, **groups;              /* who may launch it; both empty: everybody */
    struct gs_session_settings settings; /* of [session], with what this section says */
};

struct gs_host_config {
    /* [server]; never changed by a reload */
    char state_dir[256], runtime_dir[90], log_dir[256];
    char admin_group[64];
    /* [network]; never changed by a reload */
    char listen[64]; /* numeric; "": all addresses */
    uint16_t port;
    uint16_t udp_first, udp_last;
    char advertise[256];             /* "": choose */
    char certificate[256], key[256]; /* PEM files; "": one of our own, kept in state_dir */
    char metrics_listen[64];         /* ADDRESS:PORT; "": off */
    /* [limits] */
    uint32_t sessions, sessions_per_user;
    uint32_t encoder_slots; /* UINT32_MAX: learned (host/slots.h) */
    uint32_t connections, connections_per_address, waiting_connections;
    uint32_t handshake_ms, ready_ms, stop_ms, hang_ms;
    /* [scheduler] */
    int policy; /* enum gs_sched_policy (host/scheduler.h) */
    uint32_t fixed_sessions, limit_fps;
    uint32_t depth;    /* frames in flight on a GPU; UINT32_MAX: chosen */
    uint32_t queue_ms; /* how long a session may wait to be admitted */
    /* [log] */
    char log_level[16];
    uint64_t log_size;
    uint32_t log_files;
    /* [session]: of sessions made from now on */
    struct gs_session_settings session;
    /* [user …], [group …] */
    struct gs_share *shares;
    unsigned n_shares;
    /* [app …] */
    struct gs_app *apps;
    unsigned n_apps;
};

/* What holds without a file: of the machine where this is root, else of the user by the XDG
 * directories. */
void gs_host_config_init(struct gs_host_config *c);
void gs_host_config_finish(struct gs_host_config *c);
/* path NULL: /etc/gpushare/host.conf, or gpushare/host.conf in $XDG_CONFIG_HOME for an ordinary
 * user; such a file may be missing, one that was named may not. 0, or -EINVAL / -errno with all
 * errors in *ret_why, a line each, for g_free; *c untouched. */
int gs_host_config_load(const char *path, struct gs_host_config *c, char **ret_why) GS_MUST_CHECK;
/* Takes over from `fresh` what a reload may change, and swaps the rest back. Names of keys that
 * differ but need a restart, for g_free, NULL where there are none. */
char *gs_host_config_reload(struct gs_host_config *c, struct gs_host_config *fresh);
/* In the form of a file, with every key and what it is now. */
void gs_host_config_print(const struct gs_host_config *c, FILE *out);
const struct gs_app *gs_host_config_app(const struct gs_host_config *c, const char *name);
/* Whose weight the sessions of a user share: their own section, else that of the first group in the
 * configuration that they are a member of; NULL: none. Asks for the user's groups. */
const struct gs_share *gs_host_config_share(const struct gs_host_config *c, const char *user);
/* One setting of a session as text ("fps", "30"), as --set, HTTP and [session] say it: the same
 * table. 0; -ENOENT: no such key; -EINVAL; with a sentence in *ret_why for g_free. */
int gs_session_settings_set(struct gs_session_settings *s, const char *key, const char *value,
                            char **ret_why) GS_MUST_CHECK;
/* Its share of the processors, with auto resolved. */
uint32_t gs_session_cpu_weight(const struct gs_session_settings *s);
/* What no key alone can say: a floor above fps. 0; -EINVAL with a sentence in *ret_why. */
int gs_session_settings_agree(const struct gs_session_settings *s, char **ret_why) GS_MUST_CHECK;
