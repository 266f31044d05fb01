/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/run.h"

#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/log.h"
#include "common/url.h"
#include "host/address.h"
#include "host/admit.h"
#include "host/certificate.h"
#include "host/door.h"
#include "host/exit_status.h"
#include "host/runtime_dir.h"
#include "host/tickets.h"
#include "host/worker.h"

#define STOP_MS 5000
#define HANG_MS 0 /* nobody else waits for it; a debugger may have stopped it */

struct run {
    struct gs_run_options options;
    GMainLoop *loop;
    struct gs_runtime_dir *dir;
    struct gs_tickets *tickets;
    GTlsCertificate *certificate;
    struct gs_door *door;
    struct gs_worker *worker;
    bool ending;        /* what is said and returned at the end is known */
    struct gs_bye last; /* that */
    bool worker_gone;
    guint signal_source[3];
};

/* ---- the end ---- */

static void quit_when_done(struct run *r)
{
    if (r->worker_gone && gs_door_is_empty(r->door))
        g_main_loop_quit(r->loop);
}

/* From here on nobody comes in, and those who are in are sent away. The first call decides. */
static void begin_end(struct run *r, int status, const char *reason)
{
    if (r->ending)
        return;
    r->ending = true;
    r->last.status = status;
    g_strlcpy(r->last.reason, reason, sizeof(r->last.reason));
    gs_tickets_forget(r->tickets, r->options.session);
    gs_door_shut(r->door);
    gs_door_bye_all(r->door, &r->last);
}

static gboolean on_signal(gpointer data)
{
    struct run *r = data;

    if (r->ending) {
        gs_worker_kill(r->worker);
        return G_SOURCE_CONTINUE;
    }
    gs_info("stopping");
    begin_end(r, GS_EXIT_DONE, "the session was ended on its host");
    gs_worker_stop(r->worker);
    return G_SOURCE_CONTINUE;
}

/* ---- what the worker says ---- */

static char *make_url(struct run *r, const char *ticket)
{
    struct gs_url url = {.port = gs_door_port(r->door)};
    const struct gs_run_options *o = &r->options;
    g_autofree char *machine = gs_address_of_this_machine();
    const char *host = machine;

    if (o->advertise[0])
        host = o->advertise;
    else if (o->listen[0] && strcmp(o->listen, "0.0.0.0") != 0)
        host = o->listen;
    g_strlcpy(url.host, host, sizeof(url.host));
    g_strlcpy(url.session, o->session, sizeof(url.session));
    g_strlcpy(url.ticket, ticket, sizeof(url.ticket));
    gs_certificate_fingerprint(r->certificate, url.fingerprint);
    return gs_url_format(&url);
}

static void on_ready(void *user, const struct gs_worker_ready *ready)
{
    struct run *r = user;
    char ticket[GS_PROTO_TICKET_MAX];
    char *url;

    gs_info("ready: encoder %s, converter %s, renderer %s", ready->encoder, ready->converter,
            ready->renderer);
    if (gs_tickets_issue(r->tickets, r->options.session,
                         &(struct gs_ticket_terms){.uses = r->options.ticket_uses},
                         (uint64_t)time(NULL), NULL, ticket) < 0) {
        gs_error("the system gives no random numbers");
        begin_end(r, GS_EXIT_FAILED, "the host failed");
        gs_worker_stop(r->worker);
        return;
    }
    url = make_url(r, ticket);
    printf("connect: %s\n", url);
    fflush(stdout);
    free(url);
}

static bool sent_by_hosts(uint8_t type)
{
    return type == GS_MSG_WELCOME || type == GS_MSG_ERROR || type == GS_MSG_PONG ||
           type == GS_MSG_CURSOR || type == GS_MSG_POINTER;
}

static void on_client_data(void *user, uint32_t client, uint8_t type, const uint8_t *payload,
                           size_t size)
{
    struct run *r = user;

    if (sent_by_hosts(type))
        gs_door_send(r->door, client, type, payload, size);
    else
        gs_warn("the worker sent a message of type %u, which hosts do not send", type);
}

static void on_client_close(void *user, uint32_t client, const struct gs_bye *bye)
{
    struct run *r = user;

    gs_door_bye(r->door, client, bye);
}

static void on_ended(void *user, const struct gs_bye *bye)
{
    struct run *r = user;

    if (bye->status == 0)
        gs_info("%s", bye->reason);
    else
        gs_error("%s", bye->reason);
    begin_end(r, bye->status ? GS_EXIT_FAILED : GS_EXIT_DONE, bye->reason);
}

static void on_worker_gone(void *user, const char *why, const struct gs_keeper_exit *keeper)
{
    struct run *r = user;

    (void)keeper;
    if (why)
        gs_error("the session's worker %s", why);
    r->worker_gone = true;
    begin_end(r, GS_EXIT_FAILED, "the session's worker died");
    quit_when_done(r);
}

/* ---- what clients say ---- */

static bool on_hello(void *user, uint32_t id, const struct gs_hello *hello, struct gs_refusal *ret)
{
    struct gs_client_open open = {.hello = *hello};
    struct run *r = user;

    if (!gs_admit(r->tickets, hello, (uint64_t)time(NULL), &open, ret, NULL))
        return false;
    if (gs_worker_open_client(r->worker, id, &open) == 0)
        return true;
    ret->reason = "the session is ending";
    return false;
}

static void on_message(void *user, uint32_t id, uint8_t type, const uint8_t *payload, size_t size)
{
    struct run *r = user;

    /* A link that is gone or stuck ends the worker, which ends the clients. */
    if (gs_worker_send(r->worker, id, type, payload, size) < 0)
        gs_debug("a message of client %u did not reach the worker", id);
}

static void on_client_gone(void *user, uint32_t id, bool was_let_in)
{
    struct run *r = user;

    if (was_let_in)
        gs_info("client %u left", id);
    if (was_let_in && !r->worker_gone && gs_worker_close_client(r->worker, id) < 0)
        gs_debug("the worker was not told that client %u left", id);
    quit_when_done(r);
}

/* ---- the beginning ---- */

static int find_app(const char *app)
{
    g_autofree char *path = g_find_program_in_path(app);

    if (path)
        return 0;
    if (!strchr(app, '/'))
        gs_error("%s: there is no such program in PATH", app);
    else if (g_file_test(app, G_FILE_TEST_EXISTS))
        gs_error("%s: this cannot be executed", app);
    else
        gs_error("%s: there is no such program", app);
    return -ENOENT;
}

static int open_door(struct run *r)
{
    static const struct gs_client_listener listener = {on_hello, on_message, on_client_gone};
    const struct gs_run_options *o = &r->options;
    const struct gs_door_params params = {.address = o->listen[0] ? o->listen : NULL,
                                          .port = o->port,
                                          .last_port = o->last_port,
                                          .deadline_ms = o->hello_ms,
                                          .certificate = r->certificate,
                                          .listener = &listener,
                                          .user = r};

    return gs_door_create(&params, &r->door);
}

static void fill_config(struct run *r, struct gs_worker_config *c)
{
    const struct gs_run_options *o = &r->options;

    *c = (struct gs_worker_config){.width = o->width,
                                   .height = o->height,
                                   .fps = o->fps,
                                   .max_kbps = o->max_kbps,
                                   .quality = o->quality,
                                   .udp_first = o->udp_first,
                                   .udp_last = o->udp_last,
                                   .viewers = 1,
                                   .sandbox = o->sandbox,
                                   .argv = o->argv};
    g_strlcpy(c->session, o->session, sizeof(c->session));
    g_strlcpy(c->encoder, o->encoder, sizeof(c->encoder));
    g_strlcpy(c->converter, o->converter, sizeof(c->converter));
    g_strlcpy(c->effort, o->effort, sizeof(c->effort));
    g_strlcpy(c->bind_address, o->listen, sizeof(c->bind_address));
    g_strlcpy(c->runtime_dir, gs_runtime_dir_path(r->dir), sizeof(c->runtime_dir));
}

/* It ends with us, and what it says goes where we say ours. */
static void fill_keeper(struct run *r, const char *program, struct gs_keeper_config *c)
{
    *c = (struct gs_keeper_config){.log_files = 1, .stop_ms = STOP_MS, .follow_parent = true};
    g_strlcpy(c->session, r->options.session, sizeof(c->session));
    g_strlcpy(c->program, program, sizeof(c->program));
    g_strlcpy(c->runtime_dir, gs_runtime_dir_path(r->dir), sizeof(c->runtime_dir));
}

static int start_worker(struct run *r)
{
    static const struct gs_worker_listener listener = {.ready = on_ready,
                                                       .client_data = on_client_data,
                                                       .client_close = on_client_close,
                                                       .ended = on_ended,
                                                       .gone = on_worker_gone};
    g_autofree char *why = NULL;
    g_autofree char *program = gs_worker_find_program(&why);
    g_autofree char *keeper_program = program ? gs_worker_find_keeper(&why) : NULL;
    struct gs_keeper_config keeper;
    struct gs_worker_config config;
    const struct gs_worker_params params = {.keeper = &keeper,
                                            .keeper_program = keeper_program,
                                            .config = &config,
                                            .ready_ms = r->options.ready_ms,
                                            .hang_ms = HANG_MS,
                                            .listener = &listener,
                                            .user = r};

    if (!keeper_program) {
        gs_error("%s", why);
        return -ENOENT;
    }
    fill_keeper(r, program, &keeper);
    fill_config(r, &config);
    return gs_worker_create(&params, &r->worker);
}

static int start(struct run *r)
{
    int err = find_app(r->options.argv[0]);

    r->loop = g_main_loop_new(NULL, FALSE);
    r->tickets = gs_tickets_create();
    err = err ? err : gs_certificate_create(&r->certificate);
    err = err ? err : open_door(r);
    err = err ? err
              : gs_runtime_dir_create(g_getenv("XDG_RUNTIME_DIR"), "/tmp", r->options.session,
                                      &r->dir);
    err = err ? err : start_worker(r);
    return err;
}

static void catch_signals(struct run *r)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

    for (size_t i = 0; i < GS_ARRAY_SIZE(signals); i++)
        r->signal_source[i] = g_unix_signal_add(signals[i], on_signal, r);
}

static void finish(struct run *r)
{
    for (size_t i = 0; i < GS_ARRAY_SIZE(r->signal_source); i++) {
        if (r->signal_source[i])
            g_source_remove(r->signal_source[i]);
    }
    gs_worker_destroy(r->worker);
    gs_door_destroy(r->door);
    gs_runtime_dir_destroy(r->dir);
    g_clear_object(&r->certificate);
    gs_tickets_destroy(r->tickets);
    g_main_loop_unref(r->loop);
    gs_run_options_finish(&r->options);
}

int gs_run(int argc, char **argv)
{
    struct run r = {.last.status = GS_EXIT_FAILED};
    char *why;

    if (gs_run_options_parse(argc, argv, &r.options, &why) < 0) {
        fprintf(stderr, "gpushare-host run: %s\n", why);
        g_free(why);
        return GS_EXIT_USAGE;
    }
    /* The worker inherits the level with the environment. */
    if (r.options.verbose)
        g_setenv("GPUSHARE_LOG", "debug", TRUE);
    gs_door_prepare_tls();
    signal(SIGPIPE, SIG_IGN);
    gs_log_init("gpushare-host", r.options.session);
    catch_signals(&r);
    if (start(&r) == 0)
        g_main_loop_run(r.loop);
    finish(&r);
    return r.last.status;
}
