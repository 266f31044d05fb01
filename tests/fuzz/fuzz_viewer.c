/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Control messages of a client into the worker, with the real desktop behind: keymaps and input in
 * any order. A list of records: u8 type, u16 size, payload. */
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"
#include "session/viewer.h"
#include "tests/fuzz/fuzz.h"

/* xkbcommon 1.5 leaks some hundred bytes on keymaps that it refuses, wlroots one global at the end.
 */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libxkbcommon\nleak:wlr_global_destroy_safe\n";
}

static void on_damaged(void *user, uint64_t commit_ns)
{
    (void)user;
    (void)commit_ns;
}

static void on_frame_wanted(void *user, bool keeps)
{
    (void)user;
    (void)keeps;
}

static void on_cursor(void *user, const struct gs_cursor_msg *msg)
{
    g_autofree uint8_t *buffer = g_malloc(gs_cursor_size(msg));

    gs_cursor_write(msg, buffer);
    gs_viewer_send(user, GS_MSG_CURSOR, buffer, gs_cursor_size(msg));
}

static void on_pointer_mode(void *user, enum gs_pointer_mode mode)
{
    (void)user;
    (void)mode;
}

static void on_ended(void *user, int wait_status, const char *reason)
{
    (void)user;
    (void)wait_status;
    (void)reason;
}

static void on_input_applied(void *user, uint32_t id)
{
    (void)user;
    assert(id);
}

static void on_report(void *user, const struct gs_client_report *report)
{
    (void)user;
    (void)report;
}

static void on_frame(void *user, uint8_t type, const uint8_t *payload, size_t size)
{
    (void)user;
    (void)type;
    (void)payload;
    (void)size;
}

static void on_closed(void *user, int err)
{
    (void)user;
    (void)err;
}

/* Nobody reads what goes out: it is thrown away at the other end. */
static struct gs_link *open_link(int *ret_other)
{
    static const struct gs_link_handler handler = {.frame = on_frame, .closed = on_closed};
    g_autoptr(GSocketConnection) conn = NULL;
    g_autoptr(GSocket) sock = NULL;
    int fd[2];

    assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fd) == 0);
    sock = g_socket_new_from_fd(fd[0], NULL);
    conn = g_socket_connection_factory_create_connection(sock);
    *ret_other = fd[1];
    return gs_link_create(G_IO_STREAM(conn), &handler, NULL);
}

static char *runtime_dir;

static void remove_runtime_dir(void)
{
    g_rmdir(runtime_dir);
}

/* Once: the desktop keeps its state from one input to the next, as in a session. */
static struct gs_source *desktop(struct gs_viewer *v)
{
    static const struct gs_source_listener listener = {.damaged = on_damaged,
                                                       .frame_wanted = on_frame_wanted,
                                                       .cursor = on_cursor,
                                                       .pointer_mode = on_pointer_mode,
                                                       .ended = on_ended};
    static char *argv[] = {(char *)"true", NULL};
    struct gs_source_params params = {
        .width = 640, .height = 480, .fps = 60, .argv = argv, .listener = &listener, .user = v};
    struct gs_source *src = NULL;

    runtime_dir = g_dir_make_tmp("fuzz-viewer-XXXXXX", NULL);
    params.runtime_dir = runtime_dir;
    assert(gs_source_create("desktop", &params, &src) == 0);
    return src;
}

static struct gs_source *source;

static void close_desktop(void)
{
    gs_source_destroy(source);
    remove_runtime_dir();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct gs_viewer v;
    struct gs_reader r;
    int other;

    if (!source) {
        source = desktop(&v);
        atexit(close_desktop);
    }
    v = (struct gs_viewer){
        .id = 1, .source = source, .input_applied = on_input_applied, .report = on_report};
    v.link = open_link(&other);
    gs_reader_init(&r, data, size);
    while (gs_reader_left(&r) >= 3) {
        uint8_t type = gs_read_u8(&r);
        size_t n;
        const uint8_t *payload = fuzz_bytes(&r, &n);

        if (gs_viewer_handle(&v, type, payload, n) < 0)
            break;
    }
    while (g_main_context_iteration(NULL, FALSE))
        ;
    gs_link_destroy(v.link);
    v.link = NULL;
    v.id = 0;
    close(other);
    return 0;
}
