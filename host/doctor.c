/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/doctor.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "host/doctor_child.h"
#include "host/door.h"
#include "host/exit_status.h"
#include "host/report.h"
#include "host/worker.h"

#define TIMEOUT_S 120
#define TIMEOUT_MAX_S 3600

struct arguments {
    gboolean json;
    int timeout_s;
};

#define AT(field) offsetof(struct arguments, field)
static const struct gs_option options[] = {
    {"Options", "json", 0, GS_OPTION_FLAG, AT(json), NULL,
     "Print the results as JSON, as the manual page describes it", NULL, NULL, NULL, false},
    {NULL, "timeout", 0, GS_OPTION_INT, AT(timeout_s), "S",
     "How long the checks of one program may take, in seconds", "1 to 3600", "120", NULL, false},
    {.name = NULL},
};

const struct gs_command gs_doctor_command = {
    .program = "gpushare-host",
    .verb = "doctor",
    .summary = "Says what is there for sessions, what they will use and what is missing, each "
               "proven by doing it",
    .notes = "ok    works\n"
             "info  good to know\n"
             "warn  a session runs, with less; the arrow says what to do\n"
             "fail  no session runs; the arrow says what to do\n"
             "\n"
             "Exit status: 0 a session can run, 1 none can, 2 wrong usage.\n",
    .options = options,
};

static void add(void *report, const struct gs_check *check)
{
    gs_report_add(report, check);
}

/* The machine of a host needs no client: what fails there is a warning here. */
static void add_of_client(void *report, const struct gs_check *check)
{
    struct gs_check lowered = *check;

    if (lowered.status == GS_CHECK_FAIL)
        lowered.status = GS_CHECK_WARN;
    gs_report_add(report, &lowered);
}

/* Says it as a check where the child did not end in order. */
static bool run_child(struct gs_report *r, const struct gs_doctor_child *child, const char *id,
                      const char *title, enum gs_check_status if_dead)
{
    g_autofree char *what = gs_doctor_child_run(child);
    struct gs_check check;

    if (!what)
        return true;
    gs_check_set(&check, id, title, if_dead, "%s %s", child->program ? child->program : "a check",
                 what);
    gs_check_set_remedy(&check, "%s",
                        child->program ? "install all programs of one version anew; if it stays, "
                                         "run it by hand with --doctor"
                                       : "try once more, with GPUSHARE_LOG=debug");
    gs_report_add(r, &check);
    return false;
}

static void run_part(struct gs_report *r, const struct arguments *a, const char *id,
                     const char *title, void (*run)(void))
{
    const struct gs_doctor_child child = {
        .run = run, .timeout_ms = (unsigned)a->timeout_s * 1000, .check = add, .user = r};

    run_child(r, &child, id, title, GS_CHECK_FAIL);
}

/* ---- programs ---- */

static void say_found(struct gs_report *r, const char *id, const char *title, const char *path)
{
    struct gs_check check;

    gs_check_set(&check, id, title, GS_CHECK_OK, "%s", path);
    gs_report_add(r, &check);
}

static char *find_session(struct gs_report *r)
{
    g_autofree char *why = NULL;
    char *path = gs_worker_find_program(&why);
    struct gs_check check;

    if (path) {
        say_found(r, "program.session", "gpushare-session", path);
        return path;
    }
    gs_check_set(&check, "program.session", "gpushare-session", GS_CHECK_FAIL, "%s", why);
    gs_check_set_remedy(&check, "install it with this program, or name it: "
                                "GPUSHARE_SESSION=/path/gpushare-session");
    gs_report_add(r, &check);
    return NULL;
}

static char *find_client(struct gs_report *r)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = self ? g_path_get_dirname(self) : NULL;
    char *path = folder ? g_build_filename(folder, "gpushare-client", NULL) : NULL;
    struct gs_check check;

    if (!path || access(path, X_OK) < 0) {
        g_free(path);
        path = g_find_program_in_path("gpushare-client");
    }
    if (path) {
        say_found(r, "program.client", "gpushare-client", path);
        return path;
    }
    gs_check_set(&check, "program.client", "gpushare-client", GS_CHECK_INFO,
                 "neither beside this program nor in PATH; the machines of users need it, this one "
                 "does not");
    gs_report_add(r, &check);
    return NULL;
}

static void run_session(struct gs_report *r, const struct arguments *a, const char *program)
{
    const struct gs_doctor_child child = {
        .program = program, .timeout_ms = (unsigned)a->timeout_s * 1000, .check = add, .user = r};
    struct gs_check check;

    gs_report_progress(r, "trying GPU, converters, encoders and desktop");
    if (!run_child(r, &child, "program.session_ran", "gpushare-session", GS_CHECK_FAIL) ||
        gs_report_find(r, "encoder"))
        return;
    gs_check_set(&check, "program.session_ran", "gpushare-session", GS_CHECK_FAIL,
                 "%s does not say which encoder works", program);
    gs_check_set_remedy(&check, "install all programs of one version anew");
    gs_report_add(r, &check);
}

static void run_client(struct gs_report *r, const struct arguments *a, const char *program)
{
    const struct gs_doctor_child child = {.program = program,
                                          .timeout_ms = (unsigned)a->timeout_s * 1000,
                                          .check = add_of_client,
                                          .user = r};

    gs_report_progress(r, "trying decoders");
    run_child(r, &child, "program.client_ran", "gpushare-client", GS_CHECK_WARN);
}

static void examine(struct gs_report *r, const struct arguments *a)
{
    g_autofree char *session = find_session(r);
    g_autofree char *client = find_client(r);

    run_part(r, a, "system.ran", "checks", gs_doctor_system);
    gs_report_progress(r, "trying ports");
    run_part(r, a, "network.ran", "checks", gs_doctor_network);
    if (session)
        run_session(r, a, session);
    if (client)
        run_client(r, a, client);
}

int gs_doctor(int argc, char **argv)
{
    struct arguments a = {.timeout_s = TIMEOUT_S};
    g_auto(GStrv) rest = NULL;
    g_autofree char *why = NULL;
    struct gs_report *report;
    bool ok;

    if (gs_command_parse(&gs_doctor_command, argc, argv, &a, &rest, &why) == 0 && rest)
        why = g_strdup("there is nothing to name");
    else if (!why && (a.timeout_s < 1 || a.timeout_s > TIMEOUT_MAX_S))
        why = g_strdup_printf("--timeout %d: allowed is 1 to %d", a.timeout_s, TIMEOUT_MAX_S);
    if (why) {
        fprintf(stderr, "gpushare-host doctor: %s\n", why);
        return GS_EXIT_USAGE;
    }
    gs_log_init("gpushare-host", NULL);
    gs_door_prepare_tls();
    report = gs_report_create(a.json);
    examine(report, &a);
    gs_report_finish(report);
    ok = gs_report_can_run(report);
    gs_report_destroy(report);
    return ok ? GS_EXIT_DONE : GS_EXIT_FAILED;
}
