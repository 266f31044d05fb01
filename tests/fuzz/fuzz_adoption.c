/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What somebody says on the workers' socket: at most one message is told, and it is whole. */
#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/adoption.h"
#include "tests/fuzz/fuzz.h"

static unsigned told;
static char *path;

static void on_adopt(void *user, GSocketConnection *conn, const struct gs_adoption_peer *peer,
                     const struct gs_worker_adopt *adopt)
{
    (void)user;
    assert(conn && peer->uid == geteuid() && peer->pid == getpid());
    assert(gs_session_name_valid(adopt->session) && adopt->n_viewers <= GS_VIEWERS_MAX);
    told++;
}

static void on_grants(void *user, GSocketConnection *conn, const struct gs_adoption_peer *peer,
                      const struct gs_worker_grants *grants)
{
    (void)user;
    assert(conn && peer->uid == geteuid() && peer->pid == getpid());
    assert(gs_session_name_valid(grants->session));
    assert(memchr(grants->secret, 0, sizeof(grants->secret)));
    told++;
}

static void clean(void)
{
    g_autofree char *dir = g_path_get_dirname(path);

    unlink(path);
    g_rmdir(dir);
    g_free(path);
}

static void listen_once(void)
{
    static const struct gs_adoption_listener listener = {on_adopt, on_grants};
    static struct gs_adoption *adoption;
    g_autofree char *dir = adoption ? NULL : g_dir_make_tmp("gs-fuzz-XXXXXX", NULL);

    if (adoption)
        return;
    path = g_build_filename(dir, "s", NULL);
    assert(gs_adoption_create(path, 0600, &listener, NULL, &adoption) == 0);
    atexit(clean);
}

static void run_loop(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        ;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    listen_once();
    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    told = 0;
    assert(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    run_loop();
    if (send(fd, data, size, MSG_NOSIGNAL) >= 0)
        run_loop();
    close(fd);
    run_loop();
    assert(told <= 1);
    return 0;
}
