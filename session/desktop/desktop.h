/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside of the desktop source: a headless compositor whose protocols come from wlroots 0.15 and
 * which draws nothing itself. Thread: all of it runs on the session's main thread. Nothing outside
 * session/desktop/ includes this file.
 */
#pragma once

#include <glib.h>
#include <pixman.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <wayland-server-core.h>
#include <wayland-server-protocol.h>
#include <wlr/backend/interface.h>
#include <wlr/interfaces/wlr_output.h>
#include <wlr/render/interface.h>
#include <wlr/types/wlr_compositor.h>
#include <wlr/types/wlr_data_device.h>
#include <wlr/types/wlr_input_device.h>
#include <wlr/types/wlr_keyboard.h>
#include <wlr/types/wlr_output.h>
#include <wlr/types/wlr_pointer_constraints_v1.h>
#include <wlr/types/wlr_presentation_time.h>
#include <wlr/types/wlr_relative_pointer_v1.h>
#include <wlr/types/wlr_seat.h>
#include <wlr/types/wlr_surface.h>
#include <wlr/util/box.h>

#include "session/source.h"

struct gs_desktop;
struct gs_draw;
struct gs_view;
struct wlr_output_layout;
struct wlr_xcursor_manager;
struct wlr_xdg_decoration_manager_v1;
struct wlr_xwayland;
struct xcb_connection_t;

/* ---- levers of the scheduler ---- */

#define GS_HOLD_LONGEST (250 * GS_NS_PER_MS)

/* Something that an application waits for. Zeroed and gs_hold_init'ed before. */
struct gs_hold {
    struct wl_list link; /* gs_gate.holds while it is held */
    uint64_t until;
    /* It is in no list then, and may be held anew. */
    void (*let_go)(struct gs_hold *hold);
};

struct gs_gate {
    bool shut;
    struct wl_list holds; /* gs_hold.link, oldest first */
    struct wl_event_source *timer;
    bool timer_set;
    /* libwayland's own requests of wl_display, and the same with our sync. NULL: it is not known
     * how to get at them. */
    const struct wl_display_interface *display;
    struct wl_display_interface display_held;
};

#define GS_RELEASES_MAX 8

/* GPU buffers of a surface that were replaced, and that its client does not get back yet. */
struct gs_releases {
    struct gs_desktop *d;
    struct gs_hold hold;
    struct wlr_buffer *shown;                 /* locked; only while the gate is shut */
    struct wlr_buffer *held[GS_RELEASES_MAX]; /* locked, oldest first */
    unsigned n;
};

/* ---- surfaces ---- */

/* One wl_surface of any role; lives as long as it, in wlr_surface.data. */
struct gs_surface {
    struct gs_desktop *d;
    struct wlr_surface *wlr;
    struct wl_list link; /* gs_desktop.surfaces */
    uint64_t id;
    pixman_region32_t damage; /* buffer pixels since the last capture that showed it */
    pixman_region32_t fresh;  /* surface-local, since the last gs_scene_update */
    uint32_t buffer_width, buffer_height, buffer_format; /* at the last commit */
    uint64_t tree_round, shown_round; /* gs_desktop.round in which it was mapped, was a layer */
    bool callback_due;                /* at the last commit, and not answered since */
    unsigned unasked; /* buffers in a row that no callback was waited for; up to 2 */
    uint64_t syncs;   /* gs_sync_count at the last commit of a buffer */
    struct gs_releases releases;
    struct wl_list draws; /* drawn.c: what the GPU still works at, oldest first */
    unsigned n_draws;
    struct wl_listener commit, destroy;
};

/* A buffer of a client, held until the next one replaces it. */
struct gs_texture {
    struct wlr_texture base;
    struct gs_desktop *d;
    struct wlr_buffer *buffer; /* locked */
    uint32_t format;           /* DRM fourcc */
    bool has_dmabuf;
    struct gs_dmabuf dmabuf; /* fds borrowed from buffer */
};

/* Pixels. What a client places further away, or makes larger, is not looked at: sums of a few such
 * numbers still fit an int. */
#define GS_DESKTOP_FAR (1 << 24)

/* ---- windows ---- */

enum gs_view_kind {
    GS_VIEW_NORMAL,    /* as large as the output */
    GS_VIEW_DIALOG,    /* own size, centred over its parent */
    GS_VIEW_UNMANAGED, /* places itself (X11 override redirect) */
};

struct gs_view_impl {
    enum gs_view_kind (*kind)(struct gs_view *view);
    struct gs_view *(*parent)(struct gs_view *view);
    /* The window inside its surface: without shadows. */
    void (*geometry)(struct gs_view *view, struct wlr_box *ret);
    /* Tells the client what size it should have, and whether it is fullscreen. */
    void (*configure)(struct gs_view *view);
    /* Tells the client where it is; optional. */
    void (*moved)(struct gs_view *view);
    void (*activate)(struct gs_view *view, bool on);
    bool (*takes_focus)(struct gs_view *view);
    void (*close)(struct gs_view *view);
    void (*for_each)(struct gs_view *view, wlr_surface_iterator_func_t fn, void *data);
    struct wlr_surface *(*surface_at)(struct gs_view *view, double sx, double sy, double *ret_sx,
                                      double *ret_sy);
};

/* First member of the structs of xdg.c and xwayland.c. */
struct gs_view {
    const struct gs_view_impl *impl;
    struct gs_desktop *d;
    struct wl_list link;         /* gs_desktop.views or .unmanaged while mapped */
    struct wlr_surface *surface; /* while mapped */
    bool mapped, fullscreen;
    int x, y; /* of the geometry's corner, output pixels */
};

/* ---- the source ---- */

struct gs_wm_link {
    int fd; /* the window manager's own; valid while xwayland->xwm is set */
    struct wl_listener gone;
    bool watched;
    pthread_t thread;
    int timer;
    pthread_mutex_t lock; /* all below; a leaf */
    bool in_turn;         /* the fd is to be cut when the timer ends; only the main thread writes */
    bool cut, stop;
};

struct gs_desktop {
    struct gs_source base;
    bool opened, closing; /* the listener hears nothing before and after */
    bool cursor_news, mode_news;
    struct wl_event_source *notify_idle;

    /* server.c */
    struct wl_display *display;
    struct wl_event_loop *loop;
    GSource *loop_source;
    char *socket_path;
    struct wlr_compositor *compositor;
    struct wlr_presentation *presentation;
    struct wlr_output_layout *layout;
    struct wl_listener new_surface, client_created;
    unsigned n_clients; /* connected, Xwayland among them */

    /* renderer.c, output.c */
    struct wlr_backend backend;
    struct wlr_renderer renderer;
    struct wlr_output output;
    bool renderer_ready, backend_ready, output_ready;
    struct gs_texture *spare_texture; /* NULL: none */
    int drm_fd;                       /* -1: no dmabuf */
    struct wlr_drm_format_set *dmabuf_formats;
    uint64_t next_buffer_id;

    struct gs_gate gate; /* gate.c, sync.c */

    /* surface.c, scene_build.c */
    struct wl_list surfaces; /* gs_surface.link */
    uint64_t next_surface_id;
    uint64_t round;                 /* counts gs_scene_update */
    GArray *layers, *layers_before; /* struct gs_layer */
    pixman_region32_t damage;       /* of the output, since the last capture */
    struct wl_event_source *update_idle;
    struct gs_draw *part_draw; /* of a subsurface, until its parent's commit; NULL: none */
    bool all_damaged;          /* the listener is to hear it from the next update */
    guint occluded_timer;
    uint64_t n_captures;

    /* view.c */
    struct wl_list views, unmanaged; /* gs_view.link, top first */
    struct gs_view *focus;
    bool shown_window; /* at least one window was mapped */
    struct wl_listener new_xdg_surface, new_decoration, request_activate;

    /* xwayland.c */
    struct wlr_xwayland *xwayland; /* NULL: none */
    struct xcb_connection_t *xcb;  /* keeps Xwayland from ending with its last client */
    struct wl_event_source *xcb_source;
    uint32_t *dialog_atoms;
    int x11_held_fd; /* shut; keeps the abstract name; -1: none */
    struct wl_listener xwayland_ready, new_xwayland_surface;
    struct gs_wm_link wm_link; /* wm_link.c */

    /* seat.c, pointer.c, drag.c */
    struct wlr_seat *seat;
    struct wlr_keyboard keyboard;
    struct wlr_input_device keyboard_device;
    bool keyboard_ready;
    uint8_t keys_down[96]; /* a bit for each evdev key */
    GArray *buttons_down;  /* uint32_t */
    double pointer_x, pointer_y;
    double abs_x, abs_y; /* last absolute position, for deltas while locked */
    struct gs_held_motion {
        bool any;
        double x, y, dx, dy; /* where to, and how far since the last that was told */
        struct wl_event_source *timer;
    } held; /* motion that a client is not told as long as it does not read */
    struct wlr_relative_pointer_manager_v1 *relative;
    struct wlr_surface *grab; /* keeps the pointer while a button is down */
    struct wlr_drag_icon *drag_icon;
    int32_t axis_rest[2]; /* vertical, horizontal: of a step × 120 */
    struct wl_listener keyboard_modifiers, set_selection, set_primary, request_drag, start_drag,
        icon_map, icon_unmap, icon_destroyed, pointer_focus, keyboard_grab_end, pointer_grab_end;

    /* constraints.c */
    struct wlr_pointer_constraints_v1 *constraints;
    struct wlr_pointer_constraint_v1 *constraint; /* active */
    struct wl_listener new_constraint, constraint_destroyed;
    enum gs_pointer_mode pointer_mode;

    /* cursor.c */
    struct wlr_xcursor_manager *xcursors;
    struct wlr_surface *cursor_surface;
    int cursor_hot_x, cursor_hot_y;
    struct wl_client *cursor_client; /* who set the present cursor; only compared */
    struct wl_listener set_cursor, cursor_commit, cursor_destroyed;
    struct gs_cursor_msg cursor;
    uint8_t *cursor_pixels;

    /* launch.c */
    pid_t app_pid; /* 0: not started, or reaped */
    bool started, sandboxed, exited, ended;
    int wait_status;
    int status_fd; /* of the sandbox's first process; -1: none */
    char *reason;
    guint child_watch, status_watch, window_timer, grace_timer, check_idle;
};

static inline struct gs_desktop *gs_desktop_from(struct gs_source *src)
{
    return (struct gs_desktop *)src;
}

/* ---- desktop.c: what the listener hears ---- */
void gs_desktop_damaged(struct gs_desktop *d, uint64_t commit_ns);
void gs_desktop_frame_wanted(struct gs_desktop *d, bool keeps);
void gs_desktop_sync_wanted(struct gs_desktop *d);
void gs_desktop_drawn(struct gs_desktop *d);
void gs_desktop_cursor_changed(struct gs_desktop *d);
void gs_desktop_set_pointer_mode(struct gs_desktop *d, enum gs_pointer_mode mode);

/* ---- server.c ---- */
int gs_server_init(struct gs_desktop *d) GS_MUST_CHECK;
/* Handles what clients sent, waiting at most timeout_ms for it. */
void gs_server_pump(struct gs_desktop *d, int timeout_ms);
void gs_server_finish(struct gs_desktop *d);

/* ---- quota.c ---- */
/* Bounds how many objects a connection holds; it ends when there are more. */
void gs_quota_create(struct wl_client *client);

/* ---- gate.c: holds what applications wait for that do not wait for frame callbacks ---- */
void gs_gate_init(struct gs_desktop *d);
/* Nothing is held any more when it is called. */
void gs_gate_finish(struct gs_desktop *d);
void gs_gate_set(struct gs_desktop *d, bool shut);
/* Lets go what is held now. */
void gs_gate_done(struct gs_desktop *d);
/* A commit of s; in the handler of it. */
void gs_gate_commit(struct gs_surface *s);
void gs_hold_init(struct gs_hold *hold, void (*let_go)(struct gs_hold *hold));
static inline bool gs_hold_is_held(const struct gs_hold *hold)
{
    return !wl_list_empty(&hold->link);
}
/* For GS_HOLD_LONGEST at most. */
void gs_hold_begin(struct gs_desktop *d, struct gs_hold *hold);
/* Without letting go. */
void gs_hold_drop(struct gs_hold *hold);

/* ---- sync.c: replies to wl_display.sync ---- */
void gs_sync_create(struct gs_desktop *d, struct wl_client *client);
/* The next sync of client is to be held, if it comes soon. */
void gs_sync_arm(struct wl_client *client);
/* Counts those that it sent. */
uint64_t gs_sync_count(struct wl_client *client);

/* ---- releases.c ---- */
void gs_releases_init(struct gs_releases *r, struct gs_desktop *d);
/* A buffer was committed. shown: the GPU buffer shown now; NULL: none, or one in memory. hold: what
 * it replaces is not given back yet. */
void gs_releases_commit(struct gs_releases *r, struct wlr_buffer *shown, bool hold);
void gs_releases_finish(struct gs_releases *r);

/* ---- drawn.c: when the GPU has drawn what was committed ---- */
void gs_drawn_init(struct gs_surface *s);
/* Tells the listener, now or later. part: of a commit of its parent, which follows. */
void gs_drawn_commit(struct gs_surface *s, bool part);
/* The same, of a buffer with that fence, borrowed; -1: none. */
void gs_drawn_wait(struct gs_surface *s, int fence, bool part);
void gs_drawn_finish(struct gs_surface *s);

/* ---- renderer.c ---- */
int gs_renderer_init(struct gs_desktop *d) GS_MUST_CHECK;
void gs_renderer_finish(struct gs_desktop *d);
/* NULL: the surface has no buffer. */
struct gs_texture *gs_texture_of(struct wlr_surface *surface);

/* ---- output.c ---- */
void gs_output_init(struct gs_desktop *d);
/* Makes the size in the parameters that of the output. */
void gs_output_resized(struct gs_desktop *d);
void gs_output_finish(struct gs_desktop *d);

/* ---- guard.c: memory that its owner may cut short while we read it ---- */
/* The process's SIGBUS handler may have been replaced since the desktop before. */
void gs_guard_init(void);
/* One range at a time; pages of it that are gone read as zeros. */
void gs_guard_begin(const void *data, size_t size);
/* Whether pages were gone. */
bool gs_guard_end(void);

/* ---- surface.c ---- */
void gs_surface_create(struct gs_desktop *d, struct wlr_surface *surface);
static inline struct gs_surface *gs_surface_from(struct wlr_surface *surface)
{
    return surface->data;
}
/* Tells the listener, or the slow timer, that somebody waits. */
void gs_surfaces_check_frames(struct gs_desktop *d);
void gs_surfaces_frame_done(struct gs_desktop *d, uint64_t now_ns);
void gs_surfaces_finish(struct gs_desktop *d);
/* Gives the pixels of surface to fn. False: it has none in memory. */
bool gs_surface_read(struct wlr_surface *surface,
                     void (*fn)(void *user, const void *data, uint32_t stride, uint32_t format),
                     void *user);

/* ---- scene_build.c ---- */
void gs_scene_init(struct gs_desktop *d);
void gs_scene_finish(struct gs_desktop *d);
/* Brings the list of layers and the output's damage up to date. True: there is new damage. Says
 * nothing to the listener. */
bool gs_scene_update(struct gs_desktop *d);
/* Windows came, went, moved: updates soon, and then says so to the listener. */
void gs_scene_changed(struct gs_desktop *d);
/* Everything is damaged; says so to the listener soon. */
void gs_scene_damage_all(struct gs_desktop *d);
int gs_scene_capture(struct gs_desktop *d, bool full,
                     int (*fn)(void *user, const struct gs_scene *scene), void *user);

/* ---- view.c ---- */
void gs_view_init(struct gs_view *view, struct gs_desktop *d, const struct gs_view_impl *impl);
void gs_view_map(struct gs_view *view, struct wlr_surface *surface);
void gs_view_unmap(struct gs_view *view);
/* Puts it where it belongs; call when its size may have changed. */
void gs_view_place(struct gs_view *view);
/* All windows anew, for an output of another size. */
void gs_view_arrange(struct gs_desktop *d);
void gs_view_set_fullscreen(struct gs_view *view, bool on);
/* Raises it with its dialogs and gives it the keyboard. NULL: nobody has the keyboard. */
void gs_view_focus(struct gs_desktop *d, struct gs_view *view);
/* Brings the lowest window to the top. False: there is no other one. */
bool gs_view_focus_last(struct gs_desktop *d);
struct gs_view *gs_view_of_surface(struct gs_desktop *d, struct wlr_surface *surface);
/* Topmost surface that takes input there; ret_view may be NULL. */
struct wlr_surface *gs_view_surface_at(struct gs_desktop *d, double x, double y, double *ret_sx,
                                       double *ret_sy, struct gs_view **ret_view);
/* Where the surface's corner is; false: it is in no mapped window. */
bool gs_view_surface_position(struct gs_desktop *d, struct wlr_surface *surface, int *ret_x,
                              int *ret_y);
void gs_view_close_all(struct gs_desktop *d);

/* ---- xdg.c, xwayland.c ---- */
int gs_xdg_init(struct gs_desktop *d) GS_MUST_CHECK;
/* Without Xwayland d->xwayland stays NULL. */
/* Before Xwayland starts. */
void gs_x11_socket_close_abstract(struct gs_desktop *d);
void gs_x11_socket_finish(struct gs_desktop *d);
void gs_xwayland_init(struct gs_desktop *d);
/* Whether the surface is Xwayland's. */
bool gs_xwayland_owns(const struct gs_desktop *d, const struct wlr_surface *surface);
void gs_xwayland_finish(struct gs_desktop *d);

/* ---- wm_link.c ---- */
/* Xwayland is ready. */
void gs_wm_link_open(struct gs_desktop *d);
/* Around each turn of the event loop: one that Xwayland blocks is cut short, which ends Xwayland.
 */
void gs_wm_link_begin(struct gs_desktop *d);
void gs_wm_link_end(struct gs_desktop *d);
void gs_wm_link_finish(struct gs_desktop *d);

/* ---- seat.c ---- */
int gs_seat_init(struct gs_desktop *d) GS_MUST_CHECK;
void gs_seat_finish(struct gs_desktop *d);
void gs_seat_input(struct gs_desktop *d, const struct gs_input *in);
int gs_seat_set_keymap(struct gs_desktop *d, const char *text) GS_MUST_CHECK;
/* Gives surface the keyboard; NULL: nobody. */
void gs_seat_keyboard_focus(struct gs_desktop *d, struct wlr_surface *surface);
uint32_t gs_seat_now_ms(void);

/* ---- pointer.c ---- */
void gs_pointer_init(struct gs_desktop *d);
void gs_pointer_finish(struct gs_desktop *d);
void gs_pointer_input(struct gs_desktop *d, const struct gs_input *in);
void gs_pointer_release_all(struct gs_desktop *d);
/* Windows moved under the pointer. */
void gs_pointer_refocus(struct gs_desktop *d);
/* Back into the output. */
void gs_pointer_clamp(struct gs_desktop *d);
void gs_pointer_warp(struct gs_desktop *d, double x, double y);

/* ---- drag.c ---- */
void gs_drag_init(struct gs_desktop *d);

/* ---- constraints.c ---- */
int gs_constraints_init(struct gs_desktop *d) GS_MUST_CHECK;
/* Activates the one of the surface under the pointer, if it has one. */
void gs_constraints_update(struct gs_desktop *d);
/* Shortens a motion to what a confinement allows. False: the pointer is locked. */
bool gs_constraints_apply(struct gs_desktop *d, double *x, double *y);

/* ---- cursor.c ---- */
int gs_cursor_init(struct gs_desktop *d) GS_MUST_CHECK;
void gs_cursor_finish(struct gs_desktop *d);
/* The pointer went to a surface of client (NULL: none). */
void gs_cursor_focus(struct gs_desktop *d, struct wl_client *client);

/* ---- launch.c ---- */
int gs_launch_start(struct gs_desktop *d, char **ret_reason) GS_MUST_CHECK;
/* A window or a client went away. */
void gs_launch_check(struct gs_desktop *d);
/* Asks, then kills what came from the application. */
void gs_launch_finish(struct gs_desktop *d);
/* What wlroots started, too. */
void gs_launch_kill_rest(struct gs_desktop *d);
