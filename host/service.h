/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the daemon and a service manager (systemd) have to say to each other: sd_notify(3),
 * sd_listen_fds(3), sd_watchdog_enabled(3). The protocol is promised to stay and is small: a
 * datagram to $NOTIFY_SOCKET, descriptors from 3 on; libsystemd would load six libraries more.
 * Without a manager all of it does nothing. Main thread.
 */
#pragma once

#include <gio/gio.h>

#include "common/macros.h"

struct gs_service;

/* Takes what the manager left in the environment and clears it there, so that no child answers for
 * us; its descriptors become close-on-exec. Before anything else opens one. Never NULL. */
struct gs_service *gs_service_open(void);
/* Accepts NULL. */
void gs_service_close(struct gs_service *s);

/* The listening Unix socket at path that the manager passed; *ret is NULL where it passed none.
 * -EADDRNOTAVAIL: it passed another one, as is logged. */
int gs_service_take_socket(struct gs_service *s, const char *path, GSocket **ret) GS_MUST_CHECK;

/* Service is offered. From here on the manager hears of us at half of the time after which it
 * would take us for stuck, as long as the main loop turns. */
void gs_service_ready(struct gs_service *s);
void gs_service_reloading(struct gs_service *s); /* then gs_service_ready again */
void gs_service_stopping(struct gs_service *s);
/* One line for who asks the manager how it goes; the same again is not sent. */
void gs_service_status(struct gs_service *s, const char *text);
