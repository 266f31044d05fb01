/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verb `run`: one session in the foreground. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/command.h"
#include "common/link.h"
#include "common/macros.h"
#include "common/proto.h"

#define GS_RUN_LAST_PORT 47809 /* where the search for a free port ends */

struct gs_run_options {
    uint32_t width, height, fps;
    uint32_t max_kbps;               /* 0: no limit */
    uint32_t quality;                /* 0: the encoder's default */
    char encoder[32], converter[32]; /* "": choose */
    char effort[16];                 /* of the encoder; "": as much as the machine can spare */
    uint16_t port, last_port;        /* the first free one of these */
    uint16_t udp_first, udp_last;    /* the same for the media */
    char listen[64];                 /* numeric; "": all addresses */
    char advertise[256];             /* "": choose */
    uint32_t ticket_uses;            /* 0: any number */
    char session[GS_PROTO_NAME_MAX];
    enum gs_sandbox sandbox;
    unsigned hello_ms, ready_ms;
    bool verbose;
    char **argv; /* of the application; owned */
};

extern const struct gs_command gs_run_command;

/* argv[0] is the verb. 0; or -EINVAL with a sentence for the user in *ret_why, to be freed with
 * g_free. --help is answered and ends the process. */
int gs_run_options_parse(int argc, char **argv, struct gs_run_options *ret,
                         char **ret_why) GS_MUST_CHECK;
void gs_run_options_finish(struct gs_run_options *o);

/* Returns the exit status. */
int gs_run(int argc, char **argv);
