/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The desktop is opened as for a session, and an X11 client connects to it. */
#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xcb/xcb.h>
#include <xkbcommon/xkbcommon.h>

#include "common/check.h"
#include "common/clock.h"
#include "session/doctor.h"
#include "session/source.h"

bool gs_doctor_keymap(void *user)
{
    struct xkb_context *context = xkb_context_new(XKB_CONTEXT_NO_FLAGS);
    const struct xkb_rule_names names = {.layout = "us"};
    struct xkb_keymap *keymap =
        context ? xkb_keymap_new_from_names(context, &names, XKB_KEYMAP_COMPILE_NO_FLAGS) : NULL;
    struct gs_check check;

    (void)user;
    gs_check_set(&check, "desktop.keymap", "keyboard layouts", keymap ? GS_CHECK_OK : GS_CHECK_WARN,
                 "%s",
                 keymap ? "XKB makes the layout “us”"
                        : "XKB cannot make the layout “us”, without which no desktop starts");
    if (!keymap)
        gs_check_set_remedy(&check, "apt install xkb-data");
    gs_check_say(&check);
    xkb_keymap_unref(keymap);
    xkb_context_unref(context);
    return check.status == GS_CHECK_OK;
}

static void no_damage(void *user, uint64_t commit_ns)
{
    (void)user;
    (void)commit_ns;
}

static void no_frame(void *user, bool keeps)
{
    (void)user;
    (void)keeps;
}

static void no_cursor(void *user, const struct gs_cursor_msg *msg)
{
    (void)user;
    (void)msg;
}

static void no_mode(void *user, enum gs_pointer_mode mode)
{
    (void)user;
    (void)mode;
}

static void no_end(void *user, int wait_status, const char *reason)
{
    (void)user;
    (void)wait_status;
    (void)reason;
}

struct desktop {
    char *dir;
    struct gs_source *source;
};

/* Where the host would make it: sockets must be possible there. */
static char *make_dir(void)
{
    const char *xdg = g_getenv("XDG_RUNTIME_DIR");
    g_autofree char *path =
        g_strdup_printf("%s/gpushare-doctor-XXXXXX", xdg && access(xdg, W_OK) == 0 ? xdg : "/tmp");

    return g_mkdtemp_full(path, 0700) ? g_steal_pointer(&path) : NULL;
}

static int open_desktop(struct desktop *d)
{
    static char *const argv[] = {"true", NULL};
    static const struct gs_source_listener listener = {
        .damaged = no_damage,
        .frame_wanted = no_frame,
        .cursor = no_cursor,
        .pointer_mode = no_mode,
        .ended = no_end,
    };
    const struct gs_source_params params = {.width = 640,
                                            .height = 480,
                                            .fps = 60,
                                            .runtime_dir = d->dir = make_dir(),
                                            .argv = argv,
                                            .listener = &listener};

    if (!d->dir)
        return -errno;
    return gs_source_create("desktop", &params, &d->source);
}

static void remove_dir(const char *path)
{
    g_autoptr(GDir) dir = path ? g_dir_open(path, 0, NULL) : NULL;
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *file = g_build_filename(path, name, NULL);

        if (g_remove(file) < 0)
            remove_dir(file);
    }
    if (path)
        g_rmdir(path);
}

static void close_desktop(struct desktop *d)
{
    gs_source_destroy(d->source);
    remove_dir(d->dir);
    g_free(d->dir);
}

bool gs_doctor_desktop(void *user)
{
    struct desktop d = {0};
    struct gs_check check;
    int err = open_desktop(&d);

    (void)user;
    if (err) {
        g_autofree char *why = gs_check_last_words();

        gs_check_set(&check, "desktop.wayland", "Wayland desktop", GS_CHECK_FAIL,
                     "does not start: %s%s%s", g_strerror(-err), why[0] ? ": " : "", why);
        gs_check_set_remedy(&check, "see whether the runtime folder and /dev/shm are writable");
    } else {
        gs_check_set(&check, "desktop.wayland", "Wayland desktop", GS_CHECK_OK, "starts");
    }
    gs_check_say(&check);
    close_desktop(&d);
    return !err;
}

/* ---- Xwayland ---- */

struct knock {
    char name[16]; /* of the X display */
    uint32_t release;
    int error;
    atomic_bool done;
};

/* Waits in the kernel for Xwayland, which needs our main loop meanwhile. */
static gpointer knock(gpointer data)
{
    struct knock *k = data;
    xcb_connection_t *x = xcb_connect(k->name, NULL);

    k->error = xcb_connection_has_error(x);
    if (!k->error)
        k->release = xcb_get_setup(x)->release_number;
    xcb_disconnect(x);
    atomic_store(&k->done, true);
    g_main_context_wakeup(NULL);
    return NULL;
}

static void describe(const struct knock *k, uint64_t ns, struct gs_check *check)
{
    if (!k->error) {
        gs_check_set(check, "desktop.xwayland", "Xwayland", GS_CHECK_OK,
                     "version %u.%u.%u, starts in %.0f ms", k->release / 100000 % 100,
                     k->release / 1000 % 100, k->release % 1000, (double)ns / 1e6);
        return;
    }
    gs_check_set(check, "desktop.xwayland", "Xwayland", GS_CHECK_WARN,
                 "does not start: applications that need X11 will not run");
    gs_check_set_remedy(check, "apt install xwayland");
}

bool gs_doctor_xwayland(void *user)
{
    struct desktop d = {0};
    struct knock k = {.error = 1};
    uint64_t start = gs_now_ns();
    struct gs_check check;
    int display = -1;

    (void)user;
    if (open_desktop(&d) == 0)
        display = d.source->impl->x11_display(d.source);
    if (display >= 0) {
        GThread *thread;

        g_snprintf(k.name, sizeof(k.name), ":%d", display);
        thread = g_thread_new("knock", knock, &k);
        while (!atomic_load(&k.done))
            g_main_context_iteration(NULL, TRUE);
        g_thread_join(thread);
    }
    describe(&k, gs_now_ns() - start, &check);
    gs_check_say(&check);
    close_desktop(&d);
    return true;
}
