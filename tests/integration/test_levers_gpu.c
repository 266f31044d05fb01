/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The levers on GPU buffers, without a GPU: the desktop is told that it has one, libdrm's answers
 * and the import are this program's, and a pipe is a dmabuf: it takes no seek, as drivers' do not,
 * and is readable when it is "drawn".
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <drm_fourcc.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xf86drm.h>

#include "common/clock.h"
#include "session/dmabuf.h"
#include "tests/integration/source_rig.h"

#define EXPORT __attribute__((visibility("default")))
#define HOLD_MS 250
#define MAILBOX_BUFFERS 4

/* ---- a GPU ---- */

static char node[] = "/dev/null";
static char *nodes[DRM_NODE_MAX] = {[DRM_NODE_RENDER] = node};
static drmDevice gpu = {.nodes = nodes, .available_nodes = 1 << DRM_NODE_RENDER};
static struct gs_egl egl = {.renderer = "none", .render_node = "/dev/null", .dmabuf_import = true};
static unsigned n_images;

EXPORT int drmGetDevice2(int fd GS_UNUSED, uint32_t flags GS_UNUSED, drmDevicePtr *device)
{
    *device = &gpu;
    return 0;
}

EXPORT void drmFreeDevice(drmDevicePtr *device)
{
    *device = NULL;
}

EGLImageKHR __wrap_gs_dmabuf_import(const struct gs_egl *e, const struct gs_dmabuf *d,
                                    uint32_t width, uint32_t height);
EGLImageKHR __wrap_gs_dmabuf_import(const struct gs_egl *e GS_UNUSED, const struct gs_dmabuf *d,
                                    uint32_t width GS_UNUSED, uint32_t height GS_UNUSED)
{
    n_images += d->fd[0] >= 0;
    return &n_images;
}

void __wrap_gs_dmabuf_destroy_image(const struct gs_egl *e, EGLImageKHR image);
void __wrap_gs_dmabuf_destroy_image(const struct gs_egl *e GS_UNUSED, EGLImageKHR image GS_UNUSED)
{
}

unsigned __wrap_gs_dmabuf_modifiers(const struct gs_egl *e, uint32_t format, uint64_t *ret);
unsigned __wrap_gs_dmabuf_modifiers(const struct gs_egl *e GS_UNUSED, uint32_t format GS_UNUSED,
                                    uint64_t *ret)
{
    ret[0] = DRM_FORMAT_MOD_LINEAR;
    return 1;
}

/* ---- a source on it ---- */

/* Closed by close_rig, also after a failure. */
static struct source_rig the_rig;

static int close_rig(void **state GS_UNUSED)
{
    if (the_rig.src)
        source_rig_close(&the_rig);
    return 0;
}

static struct source_rig *open_pace(const char *mode, const char *frames, const char *fifo)
{
    const char *argv[] = {PACE_CLIENT, mode, frames, fifo, NULL};

    n_images = 0;
    assert_int_equal(
        source_rig_open_gpu(&the_rig, "desktop", 640, 480, (char *const *)(const void *)argv, &egl),
        0);
    return &the_rig;
}

static void set_gate(struct source_rig *rig, bool shut)
{
    rig->src->impl->set_gate(rig->src, shut);
}

static bool shows(struct source_rig *rig)
{
    return rig->n_damaged >= 1;
}

static bool shows_ten(struct source_rig *rig)
{
    return rig->n_damaged >= 10;
}

static bool ended(struct source_rig *rig)
{
    return rig->n_ended > 0;
}

static bool held(struct source_rig *rig)
{
    return rig->n_sync_wanted > 0;
}

/* Than rig->seen. */
static bool drew_ten_more(struct source_rig *rig)
{
    return rig->n_damaged >= rig->seen + 10;
}

static bool drawn_more(struct source_rig *rig)
{
    return rig->n_drawn > rig->seen;
}

static void assert_exits(struct source_rig *rig)
{
    assert_true(source_rig_wait(rig, ended, 60000));
    assert_true(WIFEXITED(rig->wait_status));
    assert_int_equal(WEXITSTATUS(rig->wait_status), 0);
}

/* ---- releases ---- */

static struct source_rig *hold_mailbox(unsigned sync_ms)
{
    struct source_rig *rig = open_pace("mailbox", "0", NULL);

    assert_true(source_rig_wait(rig, drew_ten_more, 20000));
    assert_true(n_images >= MAILBOX_BUFFERS);
    rig->sync_ms = sync_ms;
    set_gate(rig, true);
    assert_true(source_rig_wait(rig, held, 20000));
    return rig;
}

/* Commits in so many milliseconds; of each period one, and what buffers it had when it began. */
static void check_pace(struct source_rig *rig, int ms, unsigned period_ms)
{
    unsigned before = rig->n_damaged, n;
    uint64_t start = gs_now_ns();

    source_rig_run(rig, ms);
    n = rig->n_damaged - before;
    ms = (int)((gs_now_ns() - start) / GS_NS_PER_MS);
    print_message("%u commits in %d ms\n", n, ms);
    assert_in_range(n, 1, (unsigned)ms / period_ms + MAILBOX_BUFFERS);
    assert_int_equal(rig->n_ended, 0);
}

static void test_mailbox_unanswered(void **state GS_UNUSED)
{
    struct source_rig *rig = hold_mailbox(0);

    check_pace(rig, 3000, HOLD_MS);
    rig->seen = rig->n_damaged;
    set_gate(rig, false);
    assert_true(source_rig_wait(rig, drew_ten_more, 20000));
}

static void test_mailbox_answered(void **state GS_UNUSED)
{
    check_pace(hold_mailbox(20), 2000, 20);
}

/* It is not left without a buffer for good. */
static void test_mailbox_ends(void **state GS_UNUSED)
{
    struct source_rig *rig = open_pace("mailbox", "40", NULL);

    rig->sync_ms = 5;
    set_gate(rig, true);
    assert_exits(rig);
    assert_true(rig->n_sync_wanted > 30);
}

static void test_closed_while_held(void **state GS_UNUSED)
{
    source_rig_close(hold_mailbox(0));
}

/* EGL with GPU buffers is held by its syncs alone: it has two buffers here, and would spin. */
static void test_sync_keeps_its_buffers(void **state GS_UNUSED)
{
    struct source_rig *rig = open_pace("sync-gpu", "50", NULL);

    rig->sync_ms = 5;
    set_gate(rig, true);
    assert_exits(rig);
    assert_in_range(rig->n_sync_wanted, 40, 49); /* as in test_levers.c */
}

/* ---- drawn ---- */

struct fence {
    char *dir, *path;
    int fd;
};

static void fence_open(struct fence *f)
{
    f->dir = g_dir_make_tmp("gs-fence-XXXXXX", NULL);
    f->path = g_build_filename(f->dir, "fifo", NULL);
    assert_int_equal(mkfifo(f->path, 0600), 0);
    f->fd = open(f->path, O_RDWR | O_CLOEXEC);
    assert_true(f->fd >= 0);
}

static void fence_close(struct fence *f)
{
    close(f->fd);
    unlink(f->path);
    rmdir(f->dir);
    g_free(f->path);
    g_free(f->dir);
}

/* Shown, and not drawn: only the commits before it, which had no buffer. */
static struct source_rig *show_undrawn(struct fence *f, const char *mode)
{
    struct source_rig *rig;

    fence_open(f);
    rig = open_pace(mode, "1", f->path);
    assert_true(source_rig_wait(rig, shows, 20000));
    rig->seen = rig->n_drawn;
    return rig;
}

static void test_drawn_when_gpu_is_done(void **state GS_UNUSED)
{
    struct fence fence;
    struct source_rig *rig = show_undrawn(&fence, "fence");
    uint64_t start = gs_now_ns();

    source_rig_run(rig, 200);
    /* Unless the machine stood still for that long. */
    if (gs_now_ns() - start < 900 * GS_NS_PER_MS)
        assert_int_equal(rig->n_drawn, rig->seen);
    assert_int_equal(write(fence.fd, "", 1), 1);
    assert_true(source_rig_wait(rig, drawn_more, 20000));
    source_rig_run(rig, 100);
    assert_int_equal(rig->n_drawn, rig->seen + 1);
    assert_int_equal(rig->drawn_early, 0);
    fence_close(&fence);
}

/* The window's own buffer is there at once. */
static void test_drawn_with_its_parts(void **state GS_UNUSED)
{
    struct fence fence;
    struct source_rig *rig = show_undrawn(&fence, "part");

    assert_int_equal(rig->n_drawn, 1); /* the commit before the window was configured */
    assert_int_equal(write(fence.fd, "", 1), 1);
    assert_true(source_rig_wait(rig, drawn_more, 20000));
    fence_close(&fence);
}

/* More than are watched one by one: each is told of all the same. */
static void test_drawn_each(void **state GS_UNUSED)
{
    struct fence fence;
    struct source_rig *rig = show_undrawn(&fence, "burst");

    assert_true(source_rig_wait(rig, shows_ten, 20000));
    assert_int_equal(write(fence.fd, "", 1), 1);
    rig->seen = 1 + 10 - 1;
    assert_true(source_rig_wait(rig, drawn_more, 20000));
    source_rig_run(rig, 100);
    assert_int_equal(rig->n_drawn, 1 + 10);
    fence_close(&fence);
}

/* A fence that never comes does not hold a turn for ever. */
static void test_drawn_in_any_case(void **state GS_UNUSED)
{
    struct fence fence;
    struct source_rig *rig = show_undrawn(&fence, "fence");

    assert_true(source_rig_wait(rig, drawn_more, 20000));
    fence_close(&fence);
}

static void test_drawn_when_window_is_gone(void **state GS_UNUSED)
{
    struct fence fence;
    struct source_rig *rig = show_undrawn(&fence, "vanish");

    assert_true(source_rig_wait(rig, drawn_more, 20000));
    fence_close(&fence);
}

static void test_closed_while_drawing(void **state GS_UNUSED)
{
    struct fence fence;

    source_rig_close(show_undrawn(&fence, "fence"));
    fence_close(&fence);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_mailbox_unanswered, close_rig),
        cmocka_unit_test_teardown(test_mailbox_answered, close_rig),
        cmocka_unit_test_teardown(test_mailbox_ends, close_rig),
        cmocka_unit_test_teardown(test_closed_while_held, close_rig),
        cmocka_unit_test_teardown(test_sync_keeps_its_buffers, close_rig),
        cmocka_unit_test_teardown(test_drawn_when_gpu_is_done, close_rig),
        cmocka_unit_test_teardown(test_drawn_with_its_parts, close_rig),
        cmocka_unit_test_teardown(test_drawn_each, close_rig),
        cmocka_unit_test_teardown(test_drawn_in_any_case, close_rig),
        cmocka_unit_test_teardown(test_drawn_when_window_is_gone, close_rig),
        cmocka_unit_test_teardown(test_closed_while_drawing, close_rig),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
