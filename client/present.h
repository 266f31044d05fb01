/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Presenters show pictures and, where there is a window, gather input. Thread: the client's main
 * thread, except where said.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "client/picture.h"
#include "common/macros.h"
#include "common/proto.h"

struct gs_presenter;

struct gs_presenter_listener {
    /* id and time are filled by the receiver of this call. */
    void (*input)(void *user, const struct gs_input *in);
    /* XKB text of the user's layout, on start and when it changes. */
    void (*keymap)(void *user, const char *text);
    void (*closed)(void *user); /* the user closed the window */
};

struct gs_presenter_params {
    const char *title;
    uint32_t width, height; /* of the session's output */
    bool overlay;           /* shown from the start */
    bool fullscreen;        /* from the start */
    const struct gs_presenter_listener *listener;
    void *user;
};

struct gs_presenter_impl {
    const char *name;
    /* Connects to the display, where there is one: early, while the host is being reached. 0,
     * -errno; what failed is logged. */
    int (*create)(struct gs_presenter **ret);
    /* Size of the user's display in pixels, 0×0 when not known. optional */
    void (*display)(struct gs_presenter *pr, uint32_t *width, uint32_t *height);
    /* Begins to show and to listen. Nothing below but close is called before. 0, -errno; what
     * failed is logged. */
    int (*open)(struct gs_presenter *pr, const struct gs_presenter_params *p);
    /* The session's output has another size from now on. */
    void (*resize)(struct gs_presenter *pr, uint32_t width, uint32_t height);
    /* Shows a picture (borrowed; a reference may be kept) over all before it. */
    void (*present)(struct gs_presenter *pr, struct gs_picture *pic);
    void (*cursor)(struct gs_presenter *pr, const struct gs_cursor_msg *msg);
    void (*pointer_mode)(struct gs_presenter *pr, enum gs_pointer_mode mode);
    /* Where the pointer is in output pixels, for a presenter that draws it (headless input).
     * optional */
    void (*pointer)(struct gs_presenter *pr, double x, double y);
    /* Text for the overlay, several lines; drawn while the overlay is shown. optional */
    void (*overlay)(struct gs_presenter *pr, const char *text);
    /* A few words on the state of the connection, ASCII, over the picture and in the title; NULL:
     * all is well. optional */
    void (*note)(struct gs_presenter *pr, const char *text);
    /* What the user sees, as a PNG. -EAGAIN: nothing yet. */
    int (*snapshot)(struct gs_presenter *pr, const char *path);
    void (*close)(struct gs_presenter *pr); /* frees pr; takes half-built ones */
};

/* First member of every implementation's own struct. */
struct gs_presenter {
    const struct gs_presenter_impl *impl;
    struct gs_presenter_params params; /* title is the implementation's */
};

/* NULL at the end: "window" chooses between "gl" and "shm"; "headless". */
extern const struct gs_presenter_impl *const gs_presenter_impls[];
/* NULL: there is none of that name. */
const struct gs_presenter_impl *gs_presenter_find(const char *name);
