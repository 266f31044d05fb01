/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the daemon keeps on disk, so that a next one can go on: a file for each session below
 * state_dir/sessions, 0600, always whole. Thread: the main one; writing waits for the disk.
 */
#pragma once

#include <glib.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/macros.h"
#include "host/config.h"
#include "host/keeper.h"
#include "host/tickets.h"

struct gs_state;

/* A session as it is kept. */
struct gs_kept_session {
    char name[GS_PROTO_NAME_MAX], app[GS_PROTO_NAME_MAX], user[64];
    uid_t uid;
    char **argv, **env; /* the whole command */
    struct gs_session_settings settings;
    pid_t keeper;          /* 0: not started yet */
    uint64_t keeper_start; /* in ticks since the system started */
    uint8_t secret_hash[GS_TICKET_HASH_SIZE];
    struct gs_ticket *tickets;
    unsigned n_tickets;
    uint64_t created; /* seconds since 1970 */
    uint32_t restarts;
    char runtime_dir[108];
    char log_dir[1024];
    char last_error[512];
};

char *gs_kept_session_to_json(const struct gs_kept_session *k);
/* 0; -EPROTO: of another version; -EBADMSG. */
int gs_kept_session_from_json(const char *json, size_t size,
                              struct gs_kept_session *ret) GS_MUST_CHECK;
void gs_kept_session_finish(struct gs_kept_session *k);
/* For GPtrArray. */
void gs_kept_session_free(struct gs_kept_session *k);

/* Makes the folders, and locks them against a second daemon. 0; -EBUSY: there is one; -errno; with
 * a sentence in *ret_why for g_free. */
int gs_state_create(const char *dir, struct gs_state **ret, char **ret_why) GS_MUST_CHECK;
void gs_state_destroy(struct gs_state *s);
/* 0 or -errno (-ENOSPC: the disk is full); what was there stays then. */
int gs_state_save(struct gs_state *s, const struct gs_kept_session *k) GS_MUST_CHECK;
/* The session's file, and how its worker ended. */
void gs_state_remove(struct gs_state *s, const char *name);
/* All that are there, in the order of their names. Files that can't be read are moved aside, with
 * a warning. Unref it. */
GPtrArray *gs_state_load(struct gs_state *s);
/* Where the keeper of a session tells how it ended, for g_free. */
char *gs_state_exit_path(const struct gs_state *s, const char *name);
/* 0 with what it told; -ENOENT: nothing; -errno. */
int gs_state_read_exit(const struct gs_state *s, const char *name,
                       struct gs_keeper_exit *ret) GS_MUST_CHECK;
void gs_state_forget_exit(struct gs_state *s, const char *name);
