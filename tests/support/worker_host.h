/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A host of struct worker_rig that goes away and comes back. Thread: main. */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/link.h"
#include "common/macros.h"

#define WORKER_HOST_SECRET "said-by-the-worker"

struct worker_rig;

struct worker_host {
    GSocketService *service;
    unsigned refuse;   /* so many connections are closed when the worker has said who it is */
    bool foreign;      /* another message than ADOPTED is the answer to the next one */
    unsigned said_who; /* ADOPT came so often */
    bool adopted;
    struct gs_worker_adopt adopt; /* the last one */
};

/* Where the worker looks for it. */
void worker_host_path(const struct worker_rig *rig, char *ret, size_t size);
/* The host is gone. */
void worker_host_leave(struct worker_rig *rig);
/* It listens again. 0, or -errno with the reason on stderr. */
int worker_host_return(struct worker_rig *rig) GS_MUST_CHECK;
/* ADOPT came. */
void worker_host_introduced(struct worker_rig *rig, const char *json, size_t size);
/* Turns the main context until the worker is adopted; false: it never was. */
bool worker_host_wait(struct worker_rig *rig);
void worker_host_finish(struct worker_rig *rig);
