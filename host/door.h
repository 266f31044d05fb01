/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The TLS port: takes connections, bounds how many there may be, and knows every client by a number
 * that is never used twice. Thread: the main one.
 */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/macros.h"
#include "host/client.h"
#include "host/door_limits.h"

#define GS_DOOR_MAX_WAITING 32 /* unless something else is said */
#define GS_DOOR_MAX_CONNECTIONS 288
#define GS_DOOR_PENALTY_MS 10000

struct gs_door;

struct gs_door_params {
    const char *address;      /* numeric; NULL: all addresses */
    uint16_t port, last_port; /* the first free one of these; 0: any */
    unsigned deadline_ms;     /* for handshake and hello */
    GTlsCertificate *certificate;
    struct gs_door_limits limits; /* 0: as above; of an address: as many as in all */
    unsigned penalty_ms; /* how long one wrong ticket too many waits for its answer; 0: as above */
    bool shut_at_first;  /* connections wait in the kernel until gs_door_open */
    const struct gs_client_listener *listener;
    void *user;
};

/* Makes TLS 1.3 the only one. Call before anything of GIO's TLS is used and before threads. */
void gs_door_prepare_tls(void);
/* 0; -EADDRINUSE; -errno. The reason is in the log. */
int gs_door_create(const struct gs_door_params *params, struct gs_door **ret) GS_MUST_CHECK;
/* Ends all connections at once, without callbacks. Accepts NULL. */
void gs_door_destroy(struct gs_door *door);
uint16_t gs_door_port(const struct gs_door *door);
void gs_door_open(struct gs_door *door);
/* Takes no more connections, for good. */
void gs_door_shut(struct gs_door *door);
/* Other limits from now on; who is in stays. */
void gs_door_set_limits(struct gs_door *door, const struct gs_door_limits *limits,
                        unsigned deadline_ms);
bool gs_door_is_empty(const struct gs_door *door);
unsigned gs_door_waiting(const struct gs_door *door);
/* Connections that were closed because there were too many. */
uint64_t gs_door_turned_away(const struct gs_door *door);
/* "" where it went meanwhile. */
const char *gs_door_address(const struct gs_door *door, uint32_t client);
/* Unknown numbers (of clients that went meanwhile) are ignored by these. */
void gs_door_send(struct gs_door *door, uint32_t client, uint8_t type, const void *payload,
                  size_t size);
void gs_door_bye(struct gs_door *door, uint32_t client, const struct gs_bye *bye);
/* Ends it without a word; gone comes from within. */
void gs_door_drop(struct gs_door *door, uint32_t client, const char *why);
void gs_door_bye_all(struct gs_door *door, const struct gs_bye *bye);
