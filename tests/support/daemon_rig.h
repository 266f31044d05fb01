/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's sessions within the test, in folders of its own, with real keepers and the fake
 * worker. The default main context turns while something is waited for. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "common/url.h"
#include "host/sessions.h"
#include "tests/support/control_client.h"

struct daemon_rig {
    char *dir;
    struct gs_host_config config; /* may be changed before daemon_rig_open */
    struct gs_sessions *sessions;
    struct gs_caller me; /* the daemon's own user, an admin */
    unsigned listener;
    GString *events; /* " kind:session" of each that was heard */
};

/* What gs_sessions_done said. */
struct daemon_done {
    bool called;
    int err;
    char name[GS_PROTO_NAME_MAX], why[512];
};

void daemon_rig_init(struct daemon_rig *r);
void daemon_rig_open(struct daemon_rig *r);
/* As when the daemon ends or is killed: its sessions run on. */
void daemon_rig_detach(struct daemon_rig *r);
/* Closes what still runs; checks that no process and no file of a session is left; frees. */
void daemon_rig_finish(struct daemon_rig *r);
/* The fixture of a test whose state is the rig: daemon_rig_init and _open; daemon_rig_finish. */
int daemon_rig_setup(void **rig);
int daemon_rig_teardown(void **rig);

/* A fake worker in this mode; settings: "" or "key=value key=value". */
int daemon_rig_ask(struct daemon_rig *r, const char *name, const char *mode, const char *settings,
                   struct daemon_done *done, char **ret_why);
/* The same, and it is ready. */
void daemon_rig_create(struct daemon_rig *r, const char *name, const char *mode,
                       const char *settings);
void daemon_rig_close(struct daemon_rig *r, const char *name);
void daemon_rig_done(void *user, const char *name, int err, const char *why);

/* Turn the loop until then; the test fails when it takes too long. */
void daemon_rig_wait(const bool *flag);
void daemon_rig_wait_event(struct daemon_rig *r, const char *event);
void daemon_rig_wait_state(struct daemon_rig *r, const char *name, enum gs_session_state state);
void daemon_rig_wait_clients(struct daemon_rig *r, const char *name, unsigned n);
/* Turns the loop for as long as it has something to do. */
void daemon_rig_settle(void);

bool daemon_rig_has(struct daemon_rig *r, const char *name);
struct gs_session_info daemon_rig_info(struct daemon_rig *r, const char *name);
/* The worker's process. */
pid_t daemon_rig_worker(struct daemon_rig *r, const char *name);
/* uses 0: any number; ret_id may be NULL. */
struct gs_url daemon_rig_ticket(struct daemon_rig *r, const char *name, uint32_t uses, bool view,
                                char ret_id[16]);
/* Connects and says hello. */
struct control_client *daemon_rig_knock(const struct gs_url *url, const char *ticket);
/* The same, and is let in: it has its WELCOME. Of a worker in mode "open" *ret is what that was
 * told; ret may be NULL for others. */
struct control_client *daemon_rig_enter(const struct gs_url *url, const char *ticket,
                                        struct gs_client_open *ret);
/* The connection is told this, and ends; frees it. */
void daemon_rig_assert_told(struct control_client *c, uint8_t type, int status, const char *says);
void daemon_rig_assert_serves(struct control_client *c);
