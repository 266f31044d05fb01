/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/keeper_user.h"

#include <errno.h>
#include <glib.h>
#include <grp.h>
#include <pwd.h>
#include <security/pam_appl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"

#define SERVICE "gpushare"
#define PATH_OF_ROOT "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define PATH_OF_USERS "/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games"

struct gs_keeper_user {
    char *name, *home, *shell;
    uid_t uid;
    gid_t gid;
    pam_handle_t *pam;
    bool has_credentials, has_session;
};

/* ---- PAM ---- */

/* Nobody is there to answer. What modules have to say goes to the log. */
static int converse(int n, const struct pam_message **msg, struct pam_response **ret, void *data)
{
    (void)data;
    for (int i = 0; i < n; i++) {
        if (msg[i]->msg_style == PAM_PROMPT_ECHO_ON || msg[i]->msg_style == PAM_PROMPT_ECHO_OFF)
            return PAM_CONV_ERR;
        gs_info("PAM: %s", msg[i]->msg);
    }
    *ret = calloc((size_t)n, sizeof(**ret)); /* PAM frees it */
    return *ret ? PAM_SUCCESS : PAM_BUF_ERR;
}

/* In the order in which a login does it: pam_setcred may add to the groups. */
static int open_pam(struct gs_keeper_user *u, const char **ret_what)
{
    static const struct pam_conv conv = {.conv = converse};
    int err = pam_start(SERVICE, u->name, &conv, &u->pam);

    *ret_what = "cannot be used";
    if (err != PAM_SUCCESS)
        return err;
    *ret_what = "refuses the account";
    err = pam_acct_mgmt(u->pam, PAM_SILENT);
    if (err != PAM_SUCCESS)
        return err;
    *ret_what = "gives no credentials";
    err = pam_setcred(u->pam, PAM_ESTABLISH_CRED | PAM_SILENT);
    if (err != PAM_SUCCESS)
        return err;
    u->has_credentials = true;
    *ret_what = "opens no session";
    err = pam_open_session(u->pam, PAM_SILENT);
    u->has_session = err == PAM_SUCCESS;
    return err;
}

static void close_pam(struct gs_keeper_user *u)
{
    int err = PAM_SUCCESS;

    if (u->has_session)
        err = pam_close_session(u->pam, PAM_SILENT);
    if (err != PAM_SUCCESS)
        gs_warn("PAM cannot close the session of %s: %s", u->name, pam_strerror(u->pam, err));
    if (u->has_credentials)
        pam_setcred(u->pam, PAM_DELETE_CRED | PAM_SILENT);
    if (u->pam)
        pam_end(u->pam, err);
}

/* ---- the account ---- */

static int look_up(const char *name, struct gs_keeper_user *u)
{
    struct passwd *pw;

    errno = 0;
    pw = getpwnam(name);
    if (!pw)
        return errno && errno != ENOENT ? -errno : -ESRCH;
    u->name = g_strdup(pw->pw_name);
    u->home = g_strdup(pw->pw_dir);
    u->shell = g_strdup(pw->pw_shell[0] ? pw->pw_shell : "/bin/sh");
    u->uid = pw->pw_uid;
    u->gid = pw->pw_gid;
    return 0;
}

static int open_account(struct gs_keeper_user *u, char *why, size_t size)
{
    const char *what;
    int err;

    if (geteuid() != 0) {
        g_snprintf(why, size, "only root can run the session of another user (%s)", u->name);
        return -EPERM;
    }
    if (initgroups(u->name, u->gid) < 0) {
        err = -errno;
        g_snprintf(why, size, "the groups of %s: %s", u->name, g_strerror(-err));
        return err;
    }
    err = open_pam(u, &what);
    if (err == PAM_SUCCESS)
        return 0;
    g_snprintf(why, size, "PAM (service " SERVICE ") %s of %s: %s", what, u->name,
               pam_strerror(u->pam, err));
    return -EACCES;
}

int gs_keeper_user_open(const char *name, struct gs_keeper_user **ret, char *why, size_t why_size)
{
    struct gs_keeper_user *u = g_new0(struct gs_keeper_user, 1);
    int err = look_up(name, u);
    bool is_ours = !err && u->uid == geteuid() && u->uid != 0;

    if (err == -ESRCH)
        g_snprintf(why, why_size, "there is no user %s", name);
    else if (err)
        g_snprintf(why, why_size, "the user %s: %s", name, g_strerror(-err));
    else if (!is_ours)
        err = open_account(u, why, why_size);
    if (err || is_ours)
        gs_keeper_user_close(u);
    *ret = err || is_ours ? NULL : u;
    return err;
}

void gs_keeper_user_close(struct gs_keeper_user *u)
{
    if (!u)
        return;
    close_pam(u);
    g_free(u->name);
    g_free(u->home);
    g_free(u->shell);
    g_free(u);
}

uid_t gs_keeper_user_uid(const struct gs_keeper_user *u)
{
    return u->uid;
}

gid_t gs_keeper_user_gid(const struct gs_keeper_user *u)
{
    return u->gid;
}

/* ---- the environment ---- */

/* Of ours: what says how this machine is, nothing of who we are. */
static bool passes(const char *variable)
{
    return g_str_has_prefix(variable, "GPUSHARE_") || g_str_has_prefix(variable, "LC_") ||
           strcmp(variable, "LANG") == 0 || strcmp(variable, "TZ") == 0;
}

static char **inherited(void)
{
    g_auto(GStrv) names = g_listenv();
    char **env = g_new0(char *, 1);

    for (char **name = names; *name; name++) {
        if (passes(*name))
            env = g_environ_setenv(env, *name, g_getenv(*name), TRUE);
    }
    return env;
}

/* What PAM's modules set: "NAME=value". */
static char **add_pam(char **env, pam_handle_t *pam)
{
    char **list = pam_getenvlist(pam);

    for (char **entry = list; entry && *entry; entry++) {
        char *value = strchr(*entry, '=');

        if (value) {
            *value++ = '\0';
            env = g_environ_setenv(env, *entry, value, TRUE);
        }
        free(*entry);
    }
    free(list);
    return env;
}

char **gs_keeper_user_env(const struct gs_keeper_user *u, const char *runtime_dir)
{
    const char *const set[][2] = {{"HOME", u->home},
                                  {"USER", u->name},
                                  {"LOGNAME", u->name},
                                  {"SHELL", u->shell},
                                  {"XDG_RUNTIME_DIR", runtime_dir}};
    char **env = g_environ_setenv(inherited(), "PATH", u->uid ? PATH_OF_USERS : PATH_OF_ROOT, TRUE);

    env = add_pam(env, u->pam);
    for (size_t i = 0; i < GS_ARRAY_SIZE(set); i++)
        env = g_environ_setenv(env, set[i][0], set[i][1], TRUE);
    return env;
}

int gs_keeper_user_become(const struct gs_keeper_user *u)
{
    if (setresgid(u->gid, u->gid, u->gid) < 0 || setresuid(u->uid, u->uid, u->uid) < 0)
        return -errno;
    if (chdir(u->home) < 0 && chdir("/") < 0)
        return -errno;
    return 0;
}
