/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/daemon_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/door.h"

#define PATIENCE_S 20

/* ---- the daemon ---- */

static void put(char *out, size_t size, const char *dir, const char *name)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);

    assert_true(g_strlcpy(out, path, size) < size);
}

void daemon_rig_init(struct daemon_rig *r)
{
    const struct passwd *pw = getpwuid(geteuid());
    g_autofree char *worker = g_build_filename(g_getenv("GS_BIN_DIR"), "gs-fake-worker", NULL);
    g_autofree char *keeper = g_build_filename(g_getenv("GS_BIN_DIR"), "gpushare-keeper", NULL);

    *r = (struct daemon_rig){.me = {.uid = geteuid(), .admin = true}};
    g_strlcpy(r->me.user, pw ? pw->pw_name : "nobody", sizeof(r->me.user));
    r->dir = g_dir_make_tmp("gs-daemon-XXXXXX", NULL);
    gs_host_config_init(&r->config);
    put(r->config.state_dir, sizeof(r->config.state_dir), r->dir, "state");
    put(r->config.runtime_dir, sizeof(r->config.runtime_dir), r->dir, "run");
    put(r->config.log_dir, sizeof(r->config.log_dir), r->dir, "log");
    g_strlcpy(r->config.listen, "127.0.0.1", sizeof(r->config.listen));
    r->config.port = 0;
    r->config.stop_ms = 2000;
    r->events = g_string_new(NULL);
    g_setenv("GPUSHARE_SESSION", worker, TRUE);
    g_setenv("GPUSHARE_KEEPER", keeper, TRUE);
    gs_door_prepare_tls();
    /* What outlives its daemon comes to us. */
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
}

static void on_event(void *user, const struct gs_event *e)
{
    g_string_append_printf(((struct daemon_rig *)user)->events, " %s:%s", e->kind, e->session);
}

void daemon_rig_open(struct daemon_rig *r)
{
    g_autofree char *why = NULL;

    if (gs_sessions_open(&r->config, &r->sessions, &why) < 0)
        fail_msg("the daemon does not open: %s", why);
    /* The next one is where this one was. */
    r->config.port = gs_sessions_port(r->sessions);
    r->listener = gs_sessions_listen(r->sessions, on_event, r);
}

void daemon_rig_detach(struct daemon_rig *r)
{
    gs_sessions_detach(r->sessions);
    r->sessions = NULL;
}

static void on_closed(void *user)
{
    *(bool *)user = true;
}

static bool is_empty(const char *dir, const char *name)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    g_autoptr(GDir) d = g_dir_open(path, 0, NULL);

    return !d || !g_dir_read_name(d);
}

static void assert_no_child(void)
{
    gint64 until = g_get_monotonic_time() + PATIENCE_S * G_USEC_PER_SEC;

    while (waitpid(-1, NULL, WNOHANG) >= 0 && g_get_monotonic_time() < until)
        g_usleep(2000);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

void daemon_rig_finish(struct daemon_rig *r)
{
    g_autofree char *command = g_strdup_printf("rm -rf '%s'", r->dir);
    bool closed = false;

    gs_sessions_close_all(r->sessions, on_closed, &closed);
    daemon_rig_wait(&closed);
    daemon_rig_detach(r);
    assert_no_child();
    assert_true(is_empty(r->config.state_dir, "sessions"));
    assert_true(is_empty(r->config.runtime_dir, "sessions"));
    assert_int_equal(system(command), 0);
    gs_host_config_finish(&r->config);
    g_string_free(r->events, TRUE);
    g_free(r->dir);
}

int daemon_rig_setup(void **rig)
{
    daemon_rig_init(*rig);
    daemon_rig_open(*rig);
    return 0;
}

int daemon_rig_teardown(void **rig)
{
    daemon_rig_finish(*rig);
    return 0;
}

/* ---- sessions ---- */

void daemon_rig_done(void *user, const char *name, int err, const char *why)
{
    struct daemon_done *done = user;

    assert_false(done->called);
    done->called = true;
    done->err = err;
    g_strlcpy(done->name, name, sizeof(done->name));
    g_strlcpy(done->why, why, sizeof(done->why));
}

int daemon_rig_ask(struct daemon_rig *r, const char *name, const char *mode, const char *settings,
                   struct daemon_done *done, char **ret_why)
{
    char *argv[] = {(char *)"true", (char *)mode, NULL};
    g_auto(GStrv) each = *settings ? g_strsplit(settings, " ", -1) : NULL;
    struct gs_session_request request = {.argv = argv, .settings = each};

    *done = (struct daemon_done){0};
    g_strlcpy(request.name, name, sizeof(request.name));
    return gs_sessions_create(r->sessions, &r->me, &request, daemon_rig_done, done, ret_why);
}

void daemon_rig_create(struct daemon_rig *r, const char *name, const char *mode,
                       const char *settings)
{
    g_autofree char *why = NULL;
    struct daemon_done done;

    if (daemon_rig_ask(r, name, mode, settings, &done, &why) < 0)
        fail_msg("session %s was refused: %s", name, why);
    daemon_rig_wait(&done.called);
    if (done.err)
        fail_msg("session %s failed: %s", name, done.why);
    assert_string_equal(done.name, name);
}

void daemon_rig_close(struct daemon_rig *r, const char *name)
{
    struct daemon_done done = {0};
    g_autofree char *why = NULL;

    assert_int_equal(gs_sessions_close(r->sessions, &r->me, name, daemon_rig_done, &done, &why), 0);
    daemon_rig_wait(&done.called);
    assert_int_equal(done.err, 0);
}

bool daemon_rig_has(struct daemon_rig *r, const char *name)
{
    struct gs_session_info info;
    g_autofree char *why = NULL;

    return gs_sessions_find(r->sessions, &r->me, name, &info, &why) == 0;
}

struct gs_session_info daemon_rig_info(struct daemon_rig *r, const char *name)
{
    struct gs_session_info info;
    g_autofree char *why = NULL;

    if (gs_sessions_find(r->sessions, &r->me, name, &info, &why) < 0)
        fail_msg("%s", why);
    return info;
}

/* ---- waiting ---- */

static gboolean on_late(gpointer data)
{
    *(bool *)data = true;
    return G_SOURCE_REMOVE;
}

static void wait_for(bool (*is_so)(struct daemon_rig *r, const void *data), struct daemon_rig *r,
                     const void *data)
{
    bool late = false;
    guint timer = g_timeout_add_seconds(PATIENCE_S, on_late, &late);

    while (!is_so(r, data) && !late)
        g_main_context_iteration(NULL, TRUE);
    if (late)
        fail_msg("it does not happen%s%s", r ? "; what did:" : "", r ? r->events->str : "");
    g_source_remove(timer);
}

static bool is_set(struct daemon_rig *r, const void *data)
{
    (void)r;
    return *(const volatile bool *)data;
}

void daemon_rig_wait(const bool *flag)
{
    wait_for(is_set, NULL, flag);
}

static bool was_heard(struct daemon_rig *r, const void *data)
{
    return strstr(r->events->str, data) != NULL;
}

void daemon_rig_wait_event(struct daemon_rig *r, const char *event)
{
    wait_for(was_heard, r, event);
}

struct wanted {
    const char *name;
    unsigned number;
};

static bool has_worker(struct daemon_rig *r, const void *data)
{
    return daemon_rig_info(r, data).worker > 1;
}

/* The keeper tells it, the link that it is ready: either may come first. */
pid_t daemon_rig_worker(struct daemon_rig *r, const char *name)
{
    wait_for(has_worker, r, name);
    return daemon_rig_info(r, name).worker;
}

static bool is_in_state(struct daemon_rig *r, const void *data)
{
    const struct wanted *w = data;

    return daemon_rig_has(r, w->name) && (unsigned)daemon_rig_info(r, w->name).state == w->number;
}

/* Some states end by a timer alone, which keeps the loop turning. */
void daemon_rig_wait_state(struct daemon_rig *r, const char *name, enum gs_session_state state)
{
    wait_for(is_in_state, r, &(struct wanted){name, (unsigned)state});
}

static bool has_clients(struct daemon_rig *r, const void *data)
{
    const struct wanted *w = data;

    return daemon_rig_info(r, w->name).n_clients == w->number;
}

void daemon_rig_wait_clients(struct daemon_rig *r, const char *name, unsigned n)
{
    wait_for(has_clients, r, &(struct wanted){name, n});
}

void daemon_rig_settle(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        ;
}

/* ---- clients ---- */

struct gs_url daemon_rig_ticket(struct daemon_rig *r, const char *name, uint32_t uses, bool view,
                                char ret_id[16])
{
    const struct gs_ticket_request request = {.uses = uses, .ttl_s = -1, .view = view};
    g_autofree char *text = NULL, *why = NULL;
    struct gs_ticket_info info;
    struct gs_url url;
    const char *flaw;

    if (gs_sessions_ticket(r->sessions, &r->me, name, &request, &info, &text, &why) < 0)
        fail_msg("%s", why);
    assert_int_equal(gs_url_parse(text, &url, &flaw), 0);
    assert_int_equal(info.uses_left, uses);
    if (ret_id)
        memcpy(ret_id, info.id, sizeof(info.id));
    return url;
}

struct control_client *daemon_rig_knock(const struct gs_url *url, const char *ticket)
{
    struct control_client *c = control_client_open_in_loop(url);

    assert_non_null(c);
    control_client_hello(c, url->session, ticket ? ticket : url->ticket);
    return c;
}

struct control_client *daemon_rig_enter(const struct gs_url *url, const char *ticket,
                                        struct gs_client_open *ret)
{
    struct control_client *c = daemon_rig_knock(url, ticket);
    GByteArray *welcome = NULL;
    uint8_t type = control_client_next(c, &welcome);

    if (type != GS_MSG_WELCOME)
        fail_msg("a client got message %u instead of its welcome", type);
    if (ret)
        assert_int_equal(gs_client_open_from_json((const char *)welcome->data, welcome->len, ret),
                         0);
    g_byte_array_unref(welcome);
    return c;
}

void daemon_rig_assert_told(struct control_client *c, uint8_t type, int status, const char *says)
{
    struct gs_bye bye;

    assert_true(control_client_next_bye(c, type, &bye));
    assert_int_equal(bye.status, status);
    if (!strstr(bye.reason, says))
        fail_msg("it says '%s', not '%s'", bye.reason, says);
    assert_true(control_client_wait_closed(c));
    control_client_close(c);
}

void daemon_rig_assert_serves(struct control_client *c)
{
    GByteArray *pong = NULL;

    assert_int_equal(gs_channel_send(c->channel, GS_MSG_PING, "12345678", 8), 0);
    assert_int_equal(control_client_next(c, &pong), GS_MSG_PONG);
    assert_memory_equal(pong->data, "12345678", 8);
    g_byte_array_unref(pong);
}
