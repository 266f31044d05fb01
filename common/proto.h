/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The messages of the control channel (client ↔ host, TLS): names, limits, and conversion between
 * bytes and structs. Pure; any thread. Those between host and worker are in common/link.h.
 *
 * It carries frames of u32 length (of the payload, big endian), u8 type, payload
 * (common/channel.h). docs/protocol.md describes them for those who write another client.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/macros.h"

#define GS_PROTO_VERSION 1
#define GS_PROTO_ALPN "gpushare/1"
#define GS_PROTO_PORT 47800      /* TCP, TLS 1.3 */
#define GS_PROTO_UDP_FIRST 47810 /* SRTP, one port per session */
#define GS_PROTO_UDP_LAST 47999
#define GS_PROTO_MAX_HELLO 65536   /* largest payload before a ticket was accepted */
#define GS_PROTO_MAX_FRAME 4194304 /* largest payload after that */
#define GS_PROTO_NAME_MAX 64       /* session name, with its NUL */
#define GS_PROTO_TICKET_MAX 64     /* with its NUL */
#define GS_SIDE_MIN 64             /* width and height of an output, pixels; odd ones are allowed */
#define GS_SIDE_MAX 8192
#define GS_QUALITY_MAX 51   /* coarsest; the scale is H.264's QP */
#define GS_KBPS_MAX 1000000 /* of a session's rate limit */

/* Control channel. c: sent by the client, h: sent by the host. */
enum gs_msg_type {
    GS_MSG_HELLO = 1,    /* c JSON, first message: who, which session, ticket, what it can do */
    GS_MSG_WELCOME = 2,  /* h JSON, answer: what was chosen and why, media keys and port */
    GS_MSG_ERROR = 3,    /* h JSON {reason, status}: refused; the host closes after it */
    GS_MSG_BYE = 4,      /* ch JSON {reason, status}; orderly end */
    GS_MSG_PING = 5,     /* c u64 t0 (client clock, ns) */
    GS_MSG_PONG = 6,     /* h u64 t0, u64 t1 (host clock at receipt, ns), u64 t2 (at sending) */
    GS_MSG_INPUT = 7,    /* c one or more input records of GS_INPUT_SIZE bytes */
    GS_MSG_KEYMAP = 8,   /* c XKB_KEYMAP_FORMAT_TEXT_V1 text, no NUL: the layout of the client */
    GS_MSG_CURSOR = 9,   /* h struct gs_cursor_msg + pixels: the cursor image from now on */
    GS_MSG_POINTER = 10, /* h u8 mode (enum gs_pointer_mode) */
    GS_MSG_VIDEO = 11,   /* h struct gs_video: the size from the next keyframe on */
    GS_MSG_REPORT = 12,  /* c struct gs_client_report: how it goes, about once a second */
    /* 64 and above: the link alone (common/link.h). */
};

enum gs_pointer_mode {
    GS_POINTER_ABSOLUTE = 0,
    GS_POINTER_RELATIVE = 1, /* the application locked the pointer: send GS_INPUT_MOTION_REL */
};

/* ---- input records ---- */

#define GS_INPUT_SIZE 20

enum gs_input_kind {
    GS_INPUT_KEY = 1,        /* code: evdev key; state: 1 pressed, 0 released (no repeats) */
    GS_INPUT_BUTTON = 2,     /* code: evdev BTN_*; state: 1, 0 */
    GS_INPUT_MOTION_ABS = 3, /* x, y: output pixels, 24.8 fixed point */
    GS_INPUT_MOTION_REL = 4, /* x, y: pixels moved, 24.8 fixed point */
    GS_INPUT_AXIS = 5,       /* code: 0 vertical, 1 horizontal; x: distance in 24.8 pixels (15 px a
                                click); y: discrete steps × 120, 0 for smooth scrolling; down and
                                right are positive */
    GS_INPUT_LOCKS = 6,      /* x: bit 0 Caps Lock, bit 1 Num Lock, bit 2 Scroll Lock are on */
    GS_INPUT_RESET = 7,      /* focus lost: release every key and button that is down */
};

/* On the wire: u32 id, u8 kind, u8 state, u16 code, i32 x, i32 y, u32 time. */
struct gs_input {
    uint32_t id;  /* chosen by the client, counting up from 1; 0 is never sent */
    uint8_t kind; /* enum gs_input_kind */
    uint8_t state;
    uint16_t code;
    int32_t x, y;
    uint32_t time; /* client clock, ms; only differences mean anything */
};

void gs_input_write(const struct gs_input *in, uint8_t out[GS_INPUT_SIZE]);
/* Checks kind, code, state and ranges: 0, or -EBADMSG with *ret untouched. */
int gs_input_read(const uint8_t in[GS_INPUT_SIZE], struct gs_input *ret) GS_MUST_CHECK;

/* ---- cursor ---- */

#define GS_CURSOR_MAX 256 /* pixels a side */

/* On the wire: u8 visible, u16 width, u16 height, u16 hot_x, u16 hot_y, then width × height × 4
 * bytes B G R A, premultiplied. visible = 0: no image follows, width = height = 0. */
struct gs_cursor_msg {
    bool visible;
    uint16_t width, height, hot_x, hot_y;
    const uint8_t *pixels; /* borrowed from the message; width × 4 bytes a row */
};

#define GS_CURSOR_HEADER_SIZE 9

/* Bytes that gs_cursor_write needs. */
size_t gs_cursor_size(const struct gs_cursor_msg *msg);
void gs_cursor_write(const struct gs_cursor_msg *msg, uint8_t *out);
int gs_cursor_read(const void *data, size_t size, struct gs_cursor_msg *ret) GS_MUST_CHECK;

/* ---- size of the picture ---- */

/* What is shown. The coded picture is larger by one column or row where a side is odd; those are
 * to be cut off. On the wire: u32 width, u32 height. */
struct gs_video {
    uint32_t width, height; /* GS_SIDE_MIN … GS_SIDE_MAX */
};

#define GS_VIDEO_SIZE 8

void gs_video_write(const struct gs_video *video, uint8_t out[GS_VIDEO_SIZE]);
/* -EBADMSG: no size that can be; *ret untouched. */
int gs_video_read(const void *data, size_t size, struct gs_video *ret) GS_MUST_CHECK;
bool gs_video_valid(const struct gs_video *video);

/* ---- how it goes at a client ---- */

/* Counters count from the client's start. On the wire: eight u32 in this order. */
struct gs_client_report {
    uint32_t frames;         /* decoded */
    uint32_t lost, repaired; /* packets */
    uint32_t freezes;
    uint32_t latency_p50_us, latency_p99_us; /* commit → decoded, of the last second; 0: no frame */
    uint32_t input_p50_us; /* input sent → frame that shows it decoded, likewise */
    uint32_t rtt_us;       /* 0: unknown */
};

#define GS_REPORT_SIZE 32

void gs_client_report_write(const struct gs_client_report *report, uint8_t out[GS_REPORT_SIZE]);
/* Longer messages are accepted, so that versions can grow. -EBADMSG: too short; *ret untouched. */
int gs_client_report_read(const void *data, size_t size,
                          struct gs_client_report *ret) GS_MUST_CHECK;

/* ---- JSON messages ----
 * *_to_json return a string to be freed with free(); bytes that are no UTF-8 and control characters
 * in their fields are replaced (argv excepted: NULL is returned). *_from_json take size bytes
 * without a NUL, accept unknown keys (so that versions can grow), demand the known ones with their
 * types and ranges, and return 0 or -EBADMSG / -EPROTO (a version that is not ours), *ret
 * untouched. */

struct gs_hello {
    char session[GS_PROTO_NAME_MAX];
    char ticket[GS_PROTO_TICKET_MAX];       /* "" where there is none */
    char client[64];                        /* program and version, for the log */
    uint32_t display_width, display_height; /* 0: unknown */
    char decoder[32];                       /* name of the decoder that will be used */
    bool view;                              /* it wishes only to watch */
};

#define GS_SRTP_KEY_SIZE 28 /* AES-128 key and the 12 byte salt of AEAD_AES_128_GCM (RFC 7714) */

struct gs_welcome {
    char session[GS_PROTO_NAME_MAX];
    uint32_t width, height, fps;
    uint32_t ssrc;                        /* of the video */
    uint32_t client_ssrc;                 /* that the client must use in its RTCP */
    uint16_t udp_port;                    /* on the host of the control connection */
    uint8_t host_key[GS_SRTP_KEY_SIZE];   /* host → client SRTP and SRTCP; base64 in JSON */
    uint8_t client_key[GS_SRTP_KEY_SIZE]; /* client → host SRTCP */
    char encoder[32], converter[32], renderer[128];
    char why[256]; /* why these were chosen */
    /* To be said as the ticket when the connection broke and is made again; "": there is none. */
    char resume[GS_PROTO_TICKET_MAX];
    bool resumed; /* the stream goes on where it was, with the same keys and ports */
    bool view;    /* input is ignored */
};

struct gs_bye {
    char reason[256];
    int status; /* exit status that the client should end with: 0, 1, 3 or 4 */
};

char *gs_hello_to_json(const struct gs_hello *h);
int gs_hello_from_json(const char *json, size_t size, struct gs_hello *ret) GS_MUST_CHECK;
char *gs_welcome_to_json(const struct gs_welcome *w);
int gs_welcome_from_json(const char *json, size_t size, struct gs_welcome *ret) GS_MUST_CHECK;
/* BYE, ERROR and ENDED share one shape. Reasons longer than the field are cut. */
char *gs_bye_to_json(const struct gs_bye *b);
int gs_bye_from_json(const char *json, size_t size, struct gs_bye *ret) GS_MUST_CHECK;

/* 1…63 letters, digits, '-', '_', '.'; begins with a letter or digit. */
bool gs_session_name_valid(const char *name);
