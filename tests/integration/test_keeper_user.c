/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <glib.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/cgroup_session.h"
#include "tests/integration/keeper_rig.h"

/* A worker that runs as somebody else, with PAM rules of the test's own in a mount namespace. */

#define USER "nobody"

static struct keeper_rig rig;

static void write_rules(const char *rules)
{
    assert_true(g_file_set_contents("/etc/pam.d/gpushare", rules, -1, NULL));
}

/* Those of Debian, which the rules that we ship take up. */
static const char *const common[] = {"common-account", "common-session-noninteractive"};
static char *common_text[GS_ARRAY_SIZE(common)];

static void read_common(void)
{
    for (size_t i = 0; i < GS_ARRAY_SIZE(common); i++) {
        g_autofree char *path = g_build_filename("/etc/pam.d", common[i], NULL);

        if (!g_file_get_contents(path, &common_text[i], NULL, NULL))
            common_text[i] = NULL;
    }
}

static int setup(void **state)
{
    (void)state;
    read_common();
    if (geteuid() != 0 || !getpwnam(USER)) {
        print_message("only root can be others\n");
        exit(77);
    }
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("none", "/etc/pam.d", "tmpfs", 0, "size=64k") < 0) {
        print_message("no file system of our own can be mounted: %s\n", strerror(errno));
        exit(77);
    }
    return 0;
}

/* In a folder that the user can pass through, with a program that he can run. */
static void init(void)
{
    g_autofree char *program = NULL;
    g_autofree char *bytes = NULL;
    gsize size;

    keeper_rig_init(&rig, "echo");
    g_strlcpy(rig.keeper.user, USER, sizeof(rig.keeper.user));
    program = g_build_filename(rig.dir, "worker", NULL);
    assert_true(g_file_get_contents(rig.keeper.program, &bytes, &size, NULL));
    assert_true(g_file_set_contents(program, bytes, (gssize)size, NULL));
    assert_int_equal(chmod(program, 0755) | chmod(rig.dir, 0711), 0);
    assert_true(g_file_set_contents(rig.argv[2], "", 0, NULL));
    assert_int_equal(chmod(rig.argv[2], 0666), 0);
    g_strlcpy(rig.keeper.program, program, sizeof(rig.keeper.program));
}

static char *about(const char *what)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/%s", keeper_rig_number(&rig, 0), what);
    char *text = NULL;
    gsize size;

    assert_true(g_file_get_contents(path, &text, &size, NULL));
    for (gsize i = 0; i < size; i++) {
        if (text[i] == '\0')
            text[i] = '\n';
    }
    return text;
}

static void assert_has(const char *text, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void assert_has(const char *text, const char *format, ...)
{
    g_autofree char *wanted = NULL;
    va_list args;

    va_start(args, format);
    wanted = g_strdup_vprintf(format, args);
    va_end(args);
    if (!strstr(text, wanted))
        fail_msg("no '%s' in: %s", wanted, text);
}

static void assert_is_the_user(void)
{
    const struct passwd *pw = getpwnam(USER);
    g_autofree char *status = about("status");
    g_autofree char *env = about("environ");
    struct stat st;

    assert_has(status, "Uid:\t%u\t%u\t%u\t%u", pw->pw_uid, pw->pw_uid, pw->pw_uid, pw->pw_uid);
    assert_has(status, "Gid:\t%u\t%u\t%u\t%u", pw->pw_gid, pw->pw_gid, pw->pw_gid, pw->pw_gid);
    assert_has(status, "Groups:\t%u \n", pw->pw_gid);
    assert_has(status, "CapEff:\t0000000000000000");
    assert_has(env, "HOME=%s\n", pw->pw_dir);
    assert_has(env, "LOGNAME=" USER "\n");
    assert_has(env, "USER=" USER "\n");
    assert_has(env, "SHELL=%s\n", pw->pw_shell);
    assert_has(env, "XDG_RUNTIME_DIR=%s\n", rig.keeper.runtime_dir);
    assert_has(env, "OF_PAM=yes\n");
    assert_null(strstr(env, "OF_ROOT"));
    assert_int_equal(stat(rig.keeper.runtime_dir, &st), 0);
    assert_int_equal(st.st_uid, pw->pw_uid);
    assert_int_equal(st.st_mode & 07777, 0700);
}

static void put_in_group(const char *dir, pid_t pid)
{
    g_autofree char *path = g_build_filename(dir, "cgroup.procs", NULL);
    FILE *f = fopen(path, "w");

    if (!f || fprintf(f, "%d", (int)pid) < 0 || fclose(f) != 0)
        _exit(1);
}

/* What a worker does with its application: here with itself. */
static void assert_may_use_groups(void)
{
    g_autofree char *paths = gs_cgroup_session_app_paths("/", rig.keeper.cgroup);
    g_auto(GStrv) dirs = g_strsplit(paths, ":", -1);
    const struct passwd *pw = getpwnam(USER);
    pid_t worker = keeper_rig_number(&rig, 0), child = fork();
    int status;

    if (child == 0) {
        if (setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) < 0 ||
            setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) < 0)
            _exit(1);
        for (char **dir = dirs; paths[0] && *dir; dir++)
            put_in_group(*dir, worker);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    if (paths[0]) {
        g_autofree char *in = about("cgroup");

        assert_has(in, "%s/app\n", rig.keeper.cgroup);
    }
}

static void test_runs_as_the_user(void **state)
{
    g_autofree char *hook = NULL;
    g_autofree char *heard = NULL;
    g_autofree char *rules = NULL;
    g_autofree char *text = NULL;

    (void)state;
    init();
    hook = g_build_filename(rig.dir, "hook", NULL);
    heard = g_build_filename(rig.dir, "heard", NULL);
    text = g_strdup_printf("#!/bin/sh\necho $PAM_TYPE $PAM_USER $PAM_SERVICE >>%s\n", heard);
    assert_true(g_file_set_contents(hook, text, -1, NULL));
    assert_int_equal(chmod(hook, 0755), 0);
    assert_true(g_file_set_contents("/etc/pam.d/env", "OF_PAM=yes\n", -1, NULL));
    rules = g_strdup_printf("account required pam_permit.so\nauth required pam_permit.so\n"
                            "session required pam_exec.so %s\n"
                            "session required pam_env.so readenv=1 envfile=/etc/pam.d/env\n",
                            hook);
    write_rules(rules);
    g_setenv("OF_ROOT", "secret", TRUE);
    g_snprintf(rig.keeper.cgroup, sizeof(rig.keeper.cgroup), "gs-test-%d", (int)getpid());
    keeper_rig_start(&rig);
    g_clear_pointer(&text, g_free);
    assert_true(rig.ready);
    assert_is_the_user();
    assert_may_use_groups();
    gs_worker_stop(rig.worker);
    keeper_rig_wait(&rig.gone);
    assert_null(rig.why);
    assert_true(g_file_get_contents(heard, &text, NULL, NULL));
    assert_string_equal(text, "open_session " USER " gpushare\nclose_session " USER " gpushare\n");
    keeper_rig_finish(&rig);
}

/* Its keeper was root's, its worker is not: it dies with it all the same. */
static void test_dies_with_its_keeper(void **state)
{
    (void)state;
    write_rules("account required pam_permit.so\nauth required pam_permit.so\n"
                "session required pam_permit.so\n");
    init();
    keeper_rig_start(&rig);
    kill(gs_worker_keeper_pid(rig.worker), SIGKILL);
    keeper_rig_wait(&rig.gone);
    assert_string_equal(rig.why, "lost its keeper, and was ended");
    keeper_rig_finish(&rig);
}

static void test_shipped_rules(void **state)
{
    g_autofree char *path =
        g_build_filename(g_getenv("GS_SOURCE_DIR"), "packaging", "pam", "gpushare", NULL);
    g_autofree char *rules = NULL;

    (void)state;
    for (size_t i = 0; i < GS_ARRAY_SIZE(common); i++) {
        g_autofree char *copy = g_build_filename("/etc/pam.d", common[i], NULL);

        if (!common_text[i])
            skip();
        assert_true(g_file_set_contents(copy, common_text[i], -1, NULL));
    }
    assert_true(g_file_get_contents(path, &rules, NULL, NULL));
    write_rules(rules);
    init();
    keeper_rig_start(&rig);
    assert_true(rig.ready);
    gs_worker_stop(rig.worker);
    keeper_rig_wait(&rig.gone);
    assert_null(rig.why);
    keeper_rig_finish(&rig);
}

static void assert_refused(const char *why)
{
    keeper_rig_start(&rig);
    assert_true(rig.gone);
    if (!strstr(rig.why, why))
        fail_msg("it says '%s', not '%s'", rig.why, why);
    assert_int_equal(rig.exit.status, 127);
    keeper_rig_finish(&rig);
}

static void test_refused(void **state)
{
    (void)state;
    init();
    write_rules("account required pam_permit.so\nauth required pam_permit.so\n"
                "session required pam_deny.so\n");
    assert_refused("could not be started: PAM (service gpushare) opens no session of " USER);
    init();
    write_rules("account required pam_deny.so\nauth required pam_permit.so\n");
    assert_refused("could not be started: PAM (service gpushare) refuses the account of " USER);
    init();
    strcpy(rig.keeper.user, "no-such-user-here");
    assert_refused("could not be started: there is no user no-such-user-here");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runs_as_the_user),
        cmocka_unit_test(test_shipped_rules),
        cmocka_unit_test(test_dies_with_its_keeper),
        cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
