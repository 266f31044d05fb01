/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/config_keys.h"

#include <string.h>

#include "host/scheduler.h"

#define FPS_MAX 240
#define MILLION 1000000

static const char *const log_levels[] = {"error", "warn", "info", "debug", "trace", NULL};
static const char *const efforts[] = {"auto", "fast", "better", "best", NULL};

#define HOST(field) offsetof(struct gs_host_config, field)
#define HOST_TEXT(field) HOST(field), sizeof(((struct gs_host_config *)0)->field)
#define NO_LIMITS 0, 0, NULL

const struct gs_config_key gs_config_keys[] = {
    {"server", "state-dir", GS_KEY_PATH, HOST_TEXT(state_dir), NO_LIMITS, GS_RELOAD_RESTART,
     "/var/lib/gpushare; of an ordinary user $XDG_STATE_HOME/gpushare",
     "Folder of what must survive a restart: sessions, hashes of tickets, the certificate, crash "
     "reports"},
    {"server", "runtime-dir", GS_KEY_PATH, HOST_TEXT(runtime_dir), NO_LIMITS, GS_RELOAD_RESTART,
     "/run/gpushare; of an ordinary user $XDG_RUNTIME_DIR/gpushare",
     "Folder of the control socket and of the sessions' own folders"},
    {"server", "log-dir", GS_KEY_PATH, HOST_TEXT(log_dir), NO_LIMITS, GS_RELOAD_SESSIONS,
     "/var/log/gpushare; of an ordinary user below the state folder",
     "Folder of what the sessions' applications and workers print"},
    {"server", "admin-group", GS_KEY_TEXT, HOST_TEXT(admin_group), NO_LIMITS, GS_RELOAD_AT_ONCE,
     "gpushare-admin", "Members of this group manage everybody's sessions; root does anyway"},

    {"network", "listen", GS_KEY_ADDRESS, HOST_TEXT(listen), NO_LIMITS, GS_RELOAD_RESTART,
     "all addresses", "Numeric address to listen on, for control and media"},
    {"network", "port", GS_KEY_PORT, HOST(port), 0, 1, 65535, NULL, GS_RELOAD_RESTART, "47800",
     "TCP port for clients"},
    {"network", "udp-ports", GS_KEY_PORTS, HOST(udp_first), 0, 1, 65535, NULL, GS_RELOAD_RESTART,
     "47810-47999", "UDP ports for media; each session takes one"},
    {"network", "advertise", GS_KEY_TEXT, HOST_TEXT(advertise), NO_LIMITS, GS_RELOAD_AT_ONCE,
     "the address that leads to the network",
     "Name or address of this machine in URLs, as clients reach it"},
    {"network", "certificate", GS_KEY_PATH, HOST_TEXT(certificate), NO_LIMITS, GS_RELOAD_RESTART,
     "one of its own, kept in the state folder", "PEM file with the certificate"},
    {"network", "key", GS_KEY_PATH, HOST_TEXT(key), NO_LIMITS, GS_RELOAD_RESTART,
     "that of the certificate of its own", "PEM file with the certificate's private key"},
    {"network", "metrics-listen", GS_KEY_ENDPOINT, HOST_TEXT(metrics_listen), NO_LIMITS,
     GS_RELOAD_RESTART, "off",
     "ADDRESS:PORT where /metrics is served over HTTP, without any check of who asks; better a "
     "loopback address"},

    {"limits", "sessions", GS_KEY_NUMBER, HOST(sessions), 0, 1, 1000, NULL, GS_RELOAD_AT_ONCE,
     "100", "Most sessions at a time"},
    {"limits", "sessions-per-user", GS_KEY_NUMBER, HOST(sessions_per_user), 0, 1, 1000, NULL,
     GS_RELOAD_AT_ONCE, "10", "Most sessions of one user"},
    {"limits", "encoder-slots", GS_KEY_AUTO, HOST(encoder_slots), 0, 0, 1000, NULL,
     GS_RELOAD_AT_ONCE, "auto",
     "Most sessions whose pictures hardware encodes, the others take software; auto for as many as "
     "the driver takes"},
    {"limits", "connections", GS_KEY_NUMBER, HOST(connections), 0, 1, 10000, NULL,
     GS_RELOAD_AT_ONCE, "256", "Most clients that were let in"},
    {"limits", "connections-per-address", GS_KEY_NUMBER, HOST(connections_per_address), 0, 1, 10000,
     NULL, GS_RELOAD_AT_ONCE, "32",
     "Most connections from one address (of IPv6, from one /64 network)"},
    {"limits", "waiting-connections", GS_KEY_NUMBER, HOST(waiting_connections), 0, 1, 10000, NULL,
     GS_RELOAD_AT_ONCE, "64",
     "Most connections that have not shown a ticket yet; then the oldest of the address with most "
     "of them is closed"},
    {"limits", "handshake-timeout", GS_KEY_MILLIS, HOST(handshake_ms), 0, 100, 60000, NULL,
     GS_RELOAD_AT_ONCE, "5s", "How long a client may take from its connection to its hello"},
    {"limits", "start-timeout", GS_KEY_MILLIS, HOST(ready_ms), 0, 1000, 600000, NULL,
     GS_RELOAD_SESSIONS, "15s", "How long a session may take to start"},
    {"limits", "stop-timeout", GS_KEY_MILLIS, HOST(stop_ms), 0, 100, 600000, NULL,
     GS_RELOAD_SESSIONS, "5s", "How long a session may take to end before it is killed"},
    {"limits", "hang-timeout", GS_KEY_MILLIS, HOST(hang_ms), 0, 2000, 600000, NULL,
     GS_RELOAD_SESSIONS, "10s", "A worker that does not answer for so long is killed"},

    {"scheduler", "policy", GS_KEY_CHOICE, HOST(policy), 0, 0, 0, gs_sched_policy_names,
     GS_RELOAD_AT_ONCE, "shares",
     "How sessions share a GPU: shares goes by weights, floors and caps; best-effort lets in turn "
     "whoever wants; equal gives each session that is there as much as every other and no more; "
     "fixed gives each the share of one of fixed-sessions and no more; frame-limit and sleep hold "
     "all to limit-fps, sleep by the time between frames; off holds nobody"},
    {"scheduler", "fixed-sessions", GS_KEY_NUMBER, HOST(fixed_sessions), 0, 1, 1000, NULL,
     GS_RELOAD_AT_ONCE, "4", "Into how many shares the policy fixed divides a GPU"},
    {"scheduler", "limit-fps", GS_KEY_NUMBER, HOST(limit_fps), 0, 1, FPS_MAX, NULL,
     GS_RELOAD_AT_ONCE, "60", "Frames a second to which frame-limit and sleep hold a session"},
    {"scheduler", "depth", GS_KEY_AUTO, HOST(depth), 0, 1, 16, NULL, GS_RELOAD_RESTART, "auto",
     "Frames of all sessions that may be at work on a GPU together: more keeps it busier, fewer "
     "divides it more exactly; auto for 2, or one more than the processors where software renders"},
    {"scheduler", "queue-timeout", GS_KEY_MILLIS, HOST(queue_ms), 0, 1000, 86400000, NULL,
     GS_RELOAD_AT_ONCE, "10m",
     "How long a session that was made with --queue waits for its floor before it is refused"},

    {"log", "level", GS_KEY_NAME, HOST_TEXT(log_level), 0, 0, log_levels, GS_RELOAD_AT_ONCE, "info",
     "Least important lines that are written"},
    {"log", "session-log-size", GS_KEY_BYTES, HOST(log_size), 0, 4096, 1ull << 40, NULL,
     GS_RELOAD_SESSIONS, "1M", "Size at which a session's log file is rotated"},
    {"log", "session-log-files", GS_KEY_NUMBER, HOST(log_files), 0, 1, 100, NULL,
     GS_RELOAD_SESSIONS, "3",
     "Log files of each kind that a session keeps, the current one included"},
    {0},
};

#define SET(field) offsetof(struct gs_session_settings, field)
#define SET_TEXT(field) SET(field), sizeof(((struct gs_session_settings *)0)->field)

const struct gs_config_key gs_session_keys[] = {
    {"session", "size", GS_KEY_SIDES, SET(width), 0, GS_SIDE_MIN, GS_SIDE_MAX, NULL,
     GS_RELOAD_SESSIONS, "1280x720", "Size of the screen in pixels"},
    {"session", "fps", GS_KEY_NUMBER, SET(fps), 0, 1, FPS_MAX, NULL, GS_RELOAD_SESSIONS, "60",
     "Most frames a second"},
    {"session", "bitrate", GS_KEY_NUMBER, SET(max_kbps), 0, 0, GS_KBPS_MAX, NULL,
     GS_RELOAD_SESSIONS, "0", "Most kilobits a second, 0 for no limit"},
    {"session", "quality", GS_KEY_NUMBER, SET(quality), 0, 0, GS_QUALITY_MAX, NULL,
     GS_RELOAD_SESSIONS, "0",
     "Constant quality of the encoder (H.264 QP scale): less is sharper; 0 for the encoder's own"},
    {"session", "encoder", GS_KEY_TEXT, SET_TEXT(encoder), NO_LIMITS, GS_RELOAD_SESSIONS,
     "the first that works", "Encoder to take; “gpushare-host doctor” says which ones work"},
    {"session", "converter", GS_KEY_TEXT, SET_TEXT(converter), NO_LIMITS, GS_RELOAD_SESSIONS,
     "gl with a GPU, else cpu", "Converter to take"},
    {"session", "effort", GS_KEY_NAME, SET_TEXT(effort), 0, 0, efforts, GS_RELOAD_SESSIONS, "auto",
     "How hard the encoder tries"},
    {"session", "weight", GS_KEY_NUMBER, SET(weight), 0, 1, 10000, NULL, GS_RELOAD_SESSIONS, "100",
     "Share of the GPU beside other sessions; one of 200 gets twice as much as one of 100"},
    {"session", "floor", GS_KEY_NUMBER, SET(floor_fps), 0, 0, FPS_MAX, NULL, GS_RELOAD_SESSIONS,
     "0",
     "Frames a second that are promised to it, at most fps; a session that can't have them is "
     "refused; 0 for none"},
    {"session", "cap", GS_KEY_NUMBER, SET(cap_percent), 0, 0, 100, NULL, GS_RELOAD_SESSIONS, "0",
     "Most of the GPU, in percent, also when it idles; 0 for no limit"},
    {"session", "cpu-weight", GS_KEY_AUTO, SET(cpu_weight), 0, 1, 10000, NULL, GS_RELOAD_SESSIONS,
     "auto",
     "Share of the processors beside other sessions; auto for the same as weight, or where "
     "software "
     "renders, for what the scheduler divides"},
    {"session", "sandbox", GS_KEY_CHOICE, SET(sandbox), 0, 0, 0, gs_sandbox_names,
     GS_RELOAD_SESSIONS, "standard",
     "What the application is shut in: standard hides other sessions and other users, strict its "
     "user's files and the network, too"},
    {"session", "unwatched", GS_KEY_CHOICE, SET(unwatched), 0, 0, 0, gs_unwatched_names,
     GS_RELOAD_SESSIONS, "throttle",
     "What the application does while nobody looks: draw a few frames a second, stand still, or "
     "run"},
    {"session", "idle-timeout", GS_KEY_SECONDS, SET(idle_timeout_s), 0, 0, 366 * 86400, NULL,
     GS_RELOAD_SESSIONS, "0", "A session that nobody looked at for so long is ended, 0 for never"},
    {"session", "restart", GS_KEY_CHOICE, SET(restart), 0, 0, 0, gs_restart_names,
     GS_RELOAD_SESSIONS, "never",
     "Whether a session whose worker died is started again (on-failure: at most three times in a "
     "minute)"},
    {"session", "viewers", GS_KEY_NUMBER, SET(viewers), 0, 1, GS_VIEWERS_MAX, NULL,
     GS_RELOAD_SESSIONS, "8", "Most clients of one session, those that only watch included"},
    {"session", "memory-max", GS_KEY_BYTES, SET(memory_max), 0, 0, UINT64_MAX, NULL,
     GS_RELOAD_SESSIONS, "0", "Most memory of worker and application together, 0 for no limit"},
    {"session", "tasks-max", GS_KEY_NUMBER, SET(tasks_max), 0, 0, MILLION, NULL, GS_RELOAD_SESSIONS,
     "0", "Most processes and threads, 0 for no limit"},
    {"session", "cpu-max", GS_KEY_NUMBER, SET(cpu_percent), 0, 0, 100000, NULL, GS_RELOAD_SESSIONS,
     "0", "Most processor time, in percent of one processor, 0 for no limit"},
    {"session", "ticket-ttl", GS_KEY_SECONDS, SET(ticket_ttl_s), 0, 0, 366 * 86400, NULL,
     GS_RELOAD_SESSIONS, "10m",
     "How long a ticket lets somebody in that says nothing else, 0 for as long as the session "
     "lives"},
    {0},
};

const struct gs_config_key gs_share_keys[] = {
    {"user", "weight", GS_KEY_NUMBER, offsetof(struct gs_share, weight), 0, 1, 10000, NULL,
     GS_RELOAD_AT_ONCE, "100",
     "Share of the GPU that all these sessions have together, beside other users and groups, and "
     "beside sessions that are in none"},
    {0},
};

#define APP(field) offsetof(struct gs_app, field)
#define APP_TEXT(field) APP(field), sizeof(((struct gs_app *)0)->field)

const struct gs_config_key gs_app_keys[] = {
    {"app", "command", GS_KEY_COMMAND, APP(command), 0, NO_LIMITS, GS_RELOAD_SESSIONS,
     "must be given", "Program and arguments, quoted as for a shell, which does not run"},
    {"app", "title", GS_KEY_TEXT, APP_TEXT(title), NO_LIMITS, GS_RELOAD_AT_ONCE, "its name",
     "What users are shown"},
    {"app", "desktop-entry", GS_KEY_TEXT, APP_TEXT(desktop_id), NO_LIMITS, GS_RELOAD_AT_ONCE,
     "none", "Id of the application's desktop entry, for its icon"},
    {"app", "environment", GS_KEY_COMMAND, APP(env), 0, NO_LIMITS, GS_RELOAD_SESSIONS, "nothing",
     "NAME=value …, added to the application's environment"},
    {"app", "users", GS_KEY_WORDS, APP(users), 0, NO_LIMITS, GS_RELOAD_AT_ONCE, "everybody",
     "Users who may launch it"},
    {"app", "groups", GS_KEY_WORDS, APP(groups), 0, NO_LIMITS, GS_RELOAD_AT_ONCE, "everybody",
     "Groups whose members may launch it"},
    {0},
};
