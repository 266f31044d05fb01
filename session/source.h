/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sources: where a session's picture comes from and its input goes to. Thread: the session's main
 * thread, whose GMainContext they attach to.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/link.h"
#include "common/macros.h"
#include "common/proto.h"
#include "session/scene.h"

struct gs_source;
struct gs_egl;

/* All are called from the source's own event handling, never from inside a call on it (but start
 * may call ended). */
struct gs_source_listener {
    /* Something to show has changed; commit_ns: when the application committed it. Called for every
     * commit with damage. */
    void (*damaged)(void *user, uint64_t commit_ns);
    /* The application waits for a frame callback; answer with gs_source_frame_done. Called after
     * damaged where a commit has both. keeps: what it draws until then it does not commit
     * (Xwayland); others draw when they are answered, or commit all the same. */
    void (*frame_wanted)(void *user, bool keeps);
    /* An application that does not wait for callbacks waits, after a commit, for the reply to
     * wl_display.sync or for a buffer back, which is held: answer with sync_done. Only while the
     * gate is shut. optional */
    void (*sync_wanted)(void *user);
    /* The drawing of a commit, with damage or without, is done: after damaged, or later where a GPU
     * still draws. optional */
    void (*drawn)(void *user, uint64_t now_ns);
    /* msg and its pixels are borrowed. */
    void (*cursor)(void *user, const struct gs_cursor_msg *msg);
    void (*pointer_mode)(void *user, enum gs_pointer_mode mode);
    /* The application ended: status as from waitpid; reason: a sentence for the user. Called once.
     */
    void (*ended)(void *user, int wait_status, const char *reason);
};

struct gs_source_params {
    uint32_t width, height, fps; /* those of a source follow resize */
    const char *runtime_dir;     /* private, 0700; sockets go here */
    struct gs_egl *egl;          /* NULL: no GPU, memory buffers only */
    char *const *argv;           /* application, NULL-terminated */
    char *const *env;            /* "NAME=value" added to its environment; NULL: nothing */
    enum gs_sandbox sandbox;     /* that it is shut in */
    const char *hide;            /* likewise: folders that a sandbox does not show */
    const char *app_cgroup;      /* as in struct gs_worker_config; NULL: none */
    const char *render_node;     /* of the GPU that it may use; NULL or "": all, or none there */
    const struct gs_source_listener *listener;
    void *user;
};

struct gs_source_impl {
    const char *name;
    int (*open)(const struct gs_source_params *p, struct gs_source **ret);
    /* Launches the application. -errno, maybe with a sentence in *ret_reason, for g_free. */
    int (*start)(struct gs_source *src, char **ret_reason);
    /* Gives the present scene to fn, then forgets the damage if fn returned 0. full: everything is
     * damaged. Returns fn's result. */
    int (*capture)(struct gs_source *src, bool full,
                   int (*fn)(void *user, const struct gs_scene *scene), void *user);
    /* From now on the output is that large, and all of it damaged. -errno: it stays as it was. */
    int (*resize)(struct gs_source *src, uint32_t width, uint32_t height);
    /* Sends the frame callbacks that are due. */
    void (*frame_done)(struct gs_source *src, uint64_t now_ns);
    /* Answers what was held, and holds again after the next commit. optional */
    void (*sync_done)(struct gs_source *src);
    /* Shut: applications that do not wait for callbacks are held after each commit until sync_done;
     * 250 ms at most, whatever happens. Open, as at first: what is held is answered, and nothing is
     * held. optional */
    void (*set_gate)(struct gs_source *src, bool shut);
    void (*input)(struct gs_source *src, const struct gs_input *in);
    /* text has a NUL. -EINVAL: xkbcommon does not accept it; the old one stays. optional */
    int (*set_keymap)(struct gs_source *src, const char *text);
    /* X11 display number, or -1. optional */
    int (*x11_display)(const struct gs_source *src);
    /* Says the present cursor and pointer mode to the listener again, for a new client. optional */
    void (*announce)(struct gs_source *src);
    /* Asks the application to close, then kills what is left of it. Frees src; takes half-built. */
    void (*close)(struct gs_source *src);
};

/* First member of every implementation's own struct. */
struct gs_source {
    const struct gs_source_impl *impl;
    struct gs_source_params params;
};

/* NULL at the end: "desktop", "pattern". */
extern const struct gs_source_impl *const gs_source_impls[];

/* name NULL or "": desktop. 0; -ENOENT unknown name; else what open returned. */
int gs_source_create(const char *name, const struct gs_source_params *params,
                     struct gs_source **ret) GS_MUST_CHECK;
void gs_source_destroy(struct gs_source *src);
