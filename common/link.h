/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The messages of the link between gpushare-host and the worker of a session (a Unix socket, frames
 * as in common/channel.h): names, limits, and conversion between bytes and structs. Pure; any
 * thread.
 *
 * A worker starts with a link that it inherits; the host's first message on it is the
 * configuration. Where that names an adoption socket, a worker whose link ended keeps streaming,
 * connects there again and again, and says who it is: its first message is then ADOPT, and the
 * host's answer ADOPTED, or the end of the connection.
 *
 * The host checks tickets and forwards control messages unread; their meaning is the worker's. A
 * worker is not trusted: the host checks what it says.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/macros.h"
#include "common/proto.h"

/* H: sent by the host, W: by the worker. Not among the numbers of enum gs_msg_type. */
enum gs_link_type {
    GS_LINK_CONFIG = 64,       /* H JSON, first message (struct gs_worker_config) */
    GS_LINK_READY = 65,        /* W JSON (struct gs_worker_ready): takes clients from now on */
    GS_LINK_CLIENT_OPEN = 66,  /* H u32 client, JSON (struct gs_client_open) */
    GS_LINK_CLIENT_DATA = 67,  /* HW u32 client, u8 type, payload of that control message */
    GS_LINK_CLIENT_CLOSE = 68, /* HW u32 client, BYE JSON (may be empty): gone, or send it away */
    GS_LINK_ENDED = 69,        /* W JSON {status, reason}: the application ended; then EOF */
    GS_LINK_STOP = 70,         /* H empty: end the session */
    GS_LINK_RESIZE = 71,       /* H struct gs_video: the size that the output shall have */
    GS_LINK_ADOPT = 72,        /* W JSON (struct gs_worker_adopt), first message on a new link */
    GS_LINK_ADOPTED = 73,      /* H empty: it is */
    GS_LINK_PING = 74,         /* H u64: is the main thread alive? */
    GS_LINK_PONG = 75,         /* W u64, the same */
    GS_LINK_STATS = 76,        /* W JSON (struct gs_worker_stats), once a second */
    GS_LINK_SET = 77,          /* H JSON (struct gs_worker_set): other settings from now on */
    /* The machine's hardware encoders take so many sessions, and the host says who has one: a slot.
     * Only where the configuration has an adopt_path; else the worker takes what it gets. */
    GS_LINK_SLOT_WANT = 78,  /* W u8: 1 it does not go without (and is not asked for it back), 0 */
    GS_LINK_SLOT_GIVEN = 79, /* H empty: it has one; the answer to WANT, at once or any time */
    GS_LINK_SLOT_TAKEN = 80, /* H u32 slots: all are; the answer to WANT, which goes on waiting. To
                                who has one: give it back */
    GS_LINK_SLOT_FREE = 81,  /* W u8 enum gs_slot_end: it has none, and waits for none */
    /* The scheduler's page (common/grant_page.h). Where there is an adopt_path, a worker connects
     * there once more after its link is up, also each time that it comes up again, and says GRANTS
     * as first and only message: JSON {"session", "secret"} (struct gs_worker_grants). The answer
     * is one byte GS_LINK_GRANTS_HERE with the three descriptors of gs_grant_channel_open
     * (SCM_RIGHTS), or the end of the connection: there is no scheduler. The connection then stays
     * open, silent, as long as the page counts. */
    GS_LINK_GRANTS = 82,
    GS_LINK_GRANTS_HERE = 83,
};

#define GS_VIEWERS_MAX 32 /* of one session, controlling and watching together */

/* ---- H: the configuration ---- */

/* What happens to the application while nobody looks. */
enum gs_unwatched {
    GS_UNWATCHED_THROTTLE, /* it draws a few frames a second */
    GS_UNWATCHED_FREEZE,   /* its processes stand still */
    GS_UNWATCHED_RUN,      /* it draws as ever; nothing is encoded */
};

enum gs_sandbox {
    GS_SANDBOX_NONE,
    GS_SANDBOX_STANDARD, /* its user's files and the network; nothing of other sessions */
    GS_SANDBOX_STRICT,   /* no network, no files of its user */
};

/* "throttle", "freeze", "run"; "none", "standard", "strict". NULL at the end. */
extern const char *const gs_unwatched_names[];
extern const char *const gs_sandbox_names[];
/* Place in such a list; -1: not in it. */
int gs_name_find(const char *const *names, const char *name);

struct gs_worker_config {
    char session[GS_PROTO_NAME_MAX];
    uint32_t width, height, fps;
    uint32_t max_kbps;     /* 0: no limit */
    uint32_t quality;      /* constant rate factor, 1 (best) … GS_QUALITY_MAX; 0: default */
    char encoder[32];      /* "" : choose */
    char converter[32];    /* "" : choose */
    char effort[16];       /* of the encoder; "" : as much as the machine can spare */
    char source[32];       /* "" : desktop */
    char gpu[64];          /* render node that it is to draw with; "" : choose */
    char bind_address[64]; /* UDP, numeric; "" : any */
    char runtime_dir[108]; /* private to this session, exists, 0700 */
    uint16_t udp_first, udp_last;
    uint32_t viewers; /* most at a time, 1 … GS_VIEWERS_MAX */
    enum gs_unwatched unwatched;
    enum gs_sandbox sandbox; /* of the application */
    char app_cgroup[512];    /* folders of control groups for the application, each to be written
                                its processes' ids, separated by ':'; "" : none */
    char hide[1024];         /* folders that its sandbox does not show, separated by ':' */
    char adopt_path[108];    /* "" : the session ends with its link */
    char secret[GS_PROTO_TICKET_MAX]; /* said in ADOPT */
    char **env;                       /* "NAME=value", added to the application's environment */
    char **argv;                      /* of the application */
    /* Both NULL-terminated, freed by gs_worker_config_finish. */
};

char *gs_worker_config_to_json(const struct gs_worker_config *c);
int gs_worker_config_from_json(const char *json, size_t size,
                               struct gs_worker_config *ret) GS_MUST_CHECK;
void gs_worker_config_finish(struct gs_worker_config *c);

/* ---- W: what it is ---- */

struct gs_worker_ready {
    uint16_t udp_port;
    int x11_display; /* number, -1: none; so that the host can clean up after a killed worker */
    char encoder[32], converter[32], renderer[128];
    char gpu[64]; /* render node that it draws with ("/dev/dri/renderD128"); "": software renders */
};

char *gs_worker_ready_to_json(const struct gs_worker_ready *r);
int gs_worker_ready_from_json(const char *json, size_t size,
                              struct gs_worker_ready *ret) GS_MUST_CHECK;

/* ---- H: clients ---- */

/* A client whose ticket was good. */
struct gs_client_open {
    struct gs_hello hello;
    bool view; /* it may only watch, by its ticket or because it wishes so */
    /* Lets it in again after its connection broke; goes to it in WELCOME. Where a viewer of the
     * session has this very one, it is that one that came back: its stream goes on. */
    char resume[GS_PROTO_TICKET_MAX];
};

char *gs_client_open_to_json(const struct gs_client_open *o);
int gs_client_open_from_json(const char *json, size_t size,
                             struct gs_client_open *ret) GS_MUST_CHECK;

/* ---- W: slots of hardware encoders ---- */

enum gs_slot_end {
    GS_SLOT_END_BACK,    /* given back */
    GS_SLOT_END_FULL,    /* the hardware refused: it takes no more sessions */
    GS_SLOT_END_USELESS, /* the hardware does not encode this session */
};

enum gs_slot_state {
    GS_SLOT_NONE,   /* it wants none */
    GS_SLOT_WANTED, /* software encodes, and it waits for one */
    GS_SLOT_HELD,
};

/* "none", "wanted", "held"; NULL at the end. */
extern const char *const gs_slot_state_names[];

/* ---- W: adoption ---- */

struct gs_worker_viewer {
    char resume[GS_PROTO_TICKET_MAX];
    bool view;
};

struct gs_worker_adopt {
    char session[GS_PROTO_NAME_MAX];
    char secret[GS_PROTO_TICKET_MAX];
    struct gs_worker_ready ready;
    uint32_t unwatched_s; /* how long nobody has looked; 0: somebody does */
    enum gs_slot_state slot;
    bool slot_fixed; /* as said in WANT */
    unsigned n_viewers;
    struct gs_worker_viewer viewers[GS_VIEWERS_MAX]; /* whose streams go on for a while */
};

char *gs_worker_adopt_to_json(const struct gs_worker_adopt *a);
int gs_worker_adopt_from_json(const char *json, size_t size,
                              struct gs_worker_adopt *ret) GS_MUST_CHECK;

/* ---- W: the scheduler ---- */

struct gs_worker_grants {
    char session[GS_PROTO_NAME_MAX];
    char secret[GS_PROTO_TICKET_MAX];
};

char *gs_worker_grants_to_json(const struct gs_worker_grants *g);
int gs_worker_grants_from_json(const char *json, size_t size,
                               struct gs_worker_grants *ret) GS_MUST_CHECK;

/* ---- H: other settings while it runs ---- */

#define GS_SET_UNCHANGED (-1)

struct gs_worker_set {
    int32_t fps, max_kbps, quality; /* as in the configuration, or GS_SET_UNCHANGED */
    int32_t unwatched;              /* enum gs_unwatched, or GS_SET_UNCHANGED */
    char effort[16];                /* "" : unchanged; "auto" */
};

#define GS_WORKER_SET_NONE                                                                         \
    (struct gs_worker_set)                                                                         \
    {                                                                                              \
        GS_SET_UNCHANGED, GS_SET_UNCHANGED, GS_SET_UNCHANGED, GS_SET_UNCHANGED, ""                 \
    }

char *gs_worker_set_to_json(const struct gs_worker_set *s);
int gs_worker_set_from_json(const char *json, size_t size, struct gs_worker_set *ret) GS_MUST_CHECK;

/* ---- W: statistics ---- */

/* Stages of a frame in the worker; all but the last as in the trace of a frame. */
enum gs_worker_stage {
    GS_WORKER_GRANT,   /* commit → let into the pipeline */
    GS_WORKER_CONVERT, /* duration */
    GS_WORKER_ENCODE,  /* duration */
    GS_WORKER_SEND,    /* encoded → last packet handed to the kernel */
    GS_WORKER_TOTAL,   /* commit → last packet */
    GS_WORKER_STAGES,
};

extern const char *const gs_worker_stage_names[GS_WORKER_STAGES];

/* Upper ends of the buckets of a histogram, microseconds; the last has none. */
#define GS_STAGE_BUCKETS 14
extern const uint32_t gs_stage_bucket_us[GS_STAGE_BUCKETS - 1];

struct gs_stage_histogram {
    uint64_t sum_us;
    uint64_t bucket[GS_STAGE_BUCKETS]; /* frames in each alone, not added up */
};

/* Adds a duration, nanoseconds. */
void gs_stage_histogram_add(struct gs_stage_histogram *h, uint64_t ns);

/* Counters count from the start of the worker and never go back; the others are as of now. */
struct gs_worker_stats {
    uint64_t commits;            /* of the application, that changed the picture */
    uint64_t frames;             /* captured and encoded */
    uint64_t refined;            /* pictures at rest, encoded again */
    uint64_t keyframes;          /* of these two */
    uint64_t dropped;            /* encoded, but not sent to anybody */
    uint64_t packets, bytes;     /* sent, to all viewers together, without retransmissions */
    uint64_t lost, repaired;     /* packets, by the viewers' reports; retransmitted */
    uint64_t cpu_us, app_cpu_us; /* processor time; of the application's processes alive */
    uint64_t gpu_us;             /* GPU time of our own passes, where it can be measured */
    uint64_t rss_kb, app_rss_kb;
    struct gs_stage_histogram stages[GS_WORKER_STAGES];
    uint32_t viewers; /* that receive */
    bool frozen;
    /* Of the last second. */
    uint32_t fps_milli; /* frames a second × 1000 */
    uint32_t kbps;
    uint32_t latency_p50_us, latency_p99_us; /* commit → last packet; 0: no frame */
    /* What the client with the control said last; 0: nothing. */
    uint32_t client_p50_us, client_p99_us; /* commit → decoded */
    uint32_t rtt_us;
    char encoder[32];
    char spilled[256]; /* why software encodes though there is hardware; "" : it does not */
};

char *gs_worker_stats_to_json(const struct gs_worker_stats *s);
int gs_worker_stats_from_json(const char *json, size_t size,
                              struct gs_worker_stats *ret) GS_MUST_CHECK;
