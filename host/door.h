/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The TLS port: takes connections, bounds how many may wait without a ticket, and knows every
 * client by a number that is never used twice. Thread: the main one.
 */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/macros.h"
#include "host/client.h"

#define GS_DOOR_MAX_WAITING 32 /* connections without a valid ticket */
#define GS_DOOR_MAX_LET_IN 256

struct gs_door;

struct gs_door_params {
    const char *address;      /* numeric; NULL: all addresses */
    uint16_t port, last_port; /* the first free one of these; 0: any */
    unsigned deadline_ms;     /* for handshake and hello */
    GTlsCertificate *certificate;
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
/* Takes no more connections. */
void gs_door_shut(struct gs_door *door);
bool gs_door_is_empty(const struct gs_door *door);
/* Unknown numbers (of clients that went meanwhile) are ignored by both. */
void gs_door_send(struct gs_door *door, uint32_t client, uint8_t type, const void *payload,
                  size_t size);
void gs_door_bye(struct gs_door *door, uint32_t client, const struct gs_bye *bye);
void gs_door_bye_all(struct gs_door *door, const struct gs_bye *bye);
