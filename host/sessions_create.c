/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making a session: what is asked for, whether it may be had, and by whom. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "host/sessions_internal.h"

#define ARGS_MAX 4096
#define ARGS_SIZE_MAX (128u << 10) /* bytes of a command and of an environment */

/* ---- the owner ---- */

static int find_user(const char *name, struct gs_kept_session *k, char **ret_why)
{
    const struct passwd *pw = getpwnam(name);

    if (!pw || strlen(name) >= sizeof(k->user)) {
        *ret_why = g_strdup_printf("there is no user %s", name);
        return -EINVAL;
    }
    k->uid = pw->pw_uid;
    g_strlcpy(k->user, name, sizeof(k->user));
    return 0;
}

static int choose_owner(const struct gs_caller *caller, const char *wanted,
                        struct gs_kept_session *k, char **ret_why)
{
    const char *name = *wanted ? wanted : caller->user;

    if (geteuid() != 0 && caller->uid != geteuid()) {
        *ret_why = g_strdup("this daemon runs sessions for its own user alone");
        return -EPERM;
    }
    if (!*wanted || strcmp(wanted, caller->user) == 0) {
        k->uid = caller->uid;
        g_strlcpy(k->user, name, sizeof(k->user));
        if (!*name) /* one that only a container knows */
            g_snprintf(k->user, sizeof(k->user), "%u", (unsigned)caller->uid);
        return 0;
    }
    if (geteuid() != 0 || !caller->admin) {
        *ret_why = g_strdup_printf("only an administrator of a daemon that runs as root may make "
                                   "sessions for %s",
                                   wanted);
        return -EPERM;
    }
    return find_user(wanted, k, ret_why);
}

/* ---- the application ---- */

static bool in_group(const char *user, const char *group)
{
    const struct passwd *pw = getpwnam(user);
    const struct group *gr = getgrnam(group);
    gid_t groups[1024], wanted = gr ? gr->gr_gid : 0;
    int n = (int)G_N_ELEMENTS(groups);

    if (!pw || !gr || getgrouplist(user, pw->pw_gid, groups, &n) < 0)
        return false;
    for (int i = 0; i < n; i++) {
        if (groups[i] == wanted)
            return true;
    }
    return false;
}

bool gs_session_app_allowed(const struct gs_app *app, const struct gs_caller *caller)
{
    bool open = (!app->users || !app->users[0]) && (!app->groups || !app->groups[0]);

    if (open || caller->admin)
        return true;
    if (app->users && g_strv_contains((const char *const *)app->users, caller->user))
        return true;
    for (char **group = app->groups; group && *group; group++) {
        if (in_group(caller->user, *group))
            return true;
    }
    return false;
}

static int find_app(const struct gs_sessions *s, const struct gs_caller *caller, const char *name,
                    const struct gs_app **ret, char **ret_why)
{
    *ret = NULL;
    if (!*name)
        return 0;
    *ret = gs_host_config_app(s->config, name);
    if (!*ret) {
        *ret_why =
            g_strdup_printf("there is no application %s; “gpushare-host apps” lists them", name);
        return -EINVAL;
    }
    if (gs_session_app_allowed(*ret, caller))
        return 0;
    *ret_why = g_strdup_printf("%s may not launch %s", caller->user, name);
    return -EPERM;
}

static char **join(char *const *first, char *const *second)
{
    g_autoptr(GStrvBuilder) all = g_strv_builder_new();

    for (; first && *first; first++)
        g_strv_builder_add(all, *first);
    for (; second && *second; second++)
        g_strv_builder_add(all, *second);
    return g_strv_builder_end(all);
}

static int check_strings(const char *what, char *const *list, char **ret_why)
{
    size_t size = 0, n = 0;

    for (; list[n]; n++) {
        size += strlen(list[n]) + 1;
        if (!g_utf8_validate(list[n], -1, NULL)) {
            *ret_why = g_strdup_printf("%s must be UTF-8", what);
            return -EINVAL;
        }
    }
    if (n <= ARGS_MAX && size <= ARGS_SIZE_MAX)
        return 0;
    *ret_why =
        g_strdup_printf("%s may have %d strings and %u bytes", what, ARGS_MAX, ARGS_SIZE_MAX);
    return -EINVAL;
}

static int check_env(char *const *env, char **ret_why)
{
    int err = check_strings("the environment", env, ret_why);

    for (; !err && *env; env++) {
        if (**env == '=' || !strchr(*env, '=')) {
            *ret_why = g_strdup_printf("%s: the environment has the form NAME=VALUE", *env);
            err = -EINVAL;
        }
    }
    return err;
}

/* Where the worker runs as another user, only it can tell what that one finds. */
static int check_program(const struct gs_kept_session *k, char **ret_why)
{
    g_autofree char *path = NULL;

    if (geteuid() != k->uid)
        return 0;
    path = g_find_program_in_path(k->argv[0]);
    if (path)
        return 0;
    *ret_why = g_strdup_printf("%s: there is no such program%s", k->argv[0],
                               strchr(k->argv[0], '/') ? "" : " in PATH");
    return -EINVAL;
}

static int fill_command(const struct gs_app *app, const struct gs_session_request *r,
                        struct gs_kept_session *k, char **ret_why)
{
    int err;

    k->argv = join(app ? app->command : NULL, r->argv);
    k->env = join(app ? app->env : NULL, r->env);
    if (!k->argv[0] || !k->argv[0][0]) {
        *ret_why = g_strdup("name an application of the catalogue, or a command");
        return -EINVAL;
    }
    err = check_strings("the command", k->argv, ret_why);
    err = err ? err : check_env(k->env, ret_why);
    return err ? err : check_program(k, ret_why);
}

/* ---- settings ---- */

int gs_session_settings_apply(struct gs_session_settings *set, char *const *settings,
                              char **ret_why)
{
    for (; settings && *settings; settings++) {
        const char *equals = strchr(*settings, '=');
        g_autofree char *key = equals ? g_strndup(*settings, (gsize)(equals - *settings)) : NULL;
        int err;

        if (!key) {
            *ret_why = g_strdup_printf("%s: settings have the form KEY=VALUE", *settings);
            return -EINVAL;
        }
        err = gs_session_settings_set(set, key, equals + 1, ret_why);
        if (err)
            return -EINVAL;
    }
    return gs_session_settings_agree(set, ret_why);
}

/* As configured for the application, or for all. */
const struct gs_session_settings *gs_session_settings_given(const struct gs_sessions *s,
                                                            const char *app)
{
    const struct gs_app *found = *app ? gs_host_config_app(s->config, app) : NULL;

    return found ? &found->settings : &s->config->session;
}

/* 0 is no limit, the highest there is. */
static bool raises(uint64_t limit, uint64_t wanted)
{
    return limit != 0 && (wanted == 0 || wanted > limit);
}

/* What the machine gives is decided by who administers it; what he gave once may stay. */
int gs_session_settings_check(const struct gs_sessions *s, const char *app,
                              const struct gs_session_settings *before,
                              const struct gs_session_settings *wanted,
                              const struct gs_caller *caller, char **ret_why)
{
    const struct gs_session_settings *given = gs_session_settings_given(s, app);
    const char *key = NULL;

    if (caller->admin)
        return 0;
    if (raises(given->memory_max, wanted->memory_max) && before->memory_max != wanted->memory_max)
        key = "memory-max";
    else if (raises(given->tasks_max, wanted->tasks_max) && before->tasks_max != wanted->tasks_max)
        key = "tasks-max";
    else if (raises(given->cpu_percent, wanted->cpu_percent) &&
             before->cpu_percent != wanted->cpu_percent)
        key = "cpu-max";
    else if (wanted->weight > given->weight && before->weight != wanted->weight)
        key = "weight";
    else if (wanted->floor_fps > given->floor_fps && before->floor_fps != wanted->floor_fps)
        key = "floor";
    else if (raises(given->cap_percent, wanted->cap_percent) &&
             before->cap_percent != wanted->cap_percent)
        key = "cap";
    else if (gs_session_cpu_weight(wanted) > gs_session_cpu_weight(given) &&
             gs_session_cpu_weight(before) != gs_session_cpu_weight(wanted))
        key = "cpu-weight";
    else if (wanted->sandbox < given->sandbox && before->sandbox != wanted->sandbox)
        key = "sandbox";
    if (!key)
        return 0;
    *ret_why = g_strdup_printf("%s: only an administrator may give a session more than is "
                               "configured",
                               key);
    return -EPERM;
}

static int fill_settings(const struct gs_sessions *s, const struct gs_caller *caller,
                         char *const *settings, struct gs_kept_session *k, char **ret_why)
{
    const struct gs_session_settings *given = gs_session_settings_given(s, k->app);
    int err;

    k->settings = *given;
    err = gs_session_settings_apply(&k->settings, settings, ret_why);
    return err ? err : gs_session_settings_check(s, k->app, given, &k->settings, caller, ret_why);
}

/* ---- the name ---- */

static void make_name(struct gs_sessions *s, struct gs_kept_session *k)
{
    g_autofree char *program = g_path_get_basename(k->argv[0]);
    const char *base = *k->app ? k->app : gs_session_name_valid(program) ? program : "session";

    g_strlcpy(k->name, base, sizeof(k->name));
    for (unsigned n = 2; gs_session_find(s, k->name); n++)
        g_snprintf(k->name, sizeof(k->name), "%.50s-%u", base, n);
}

static int choose_name(struct gs_sessions *s, const struct gs_caller *caller, const char *wanted,
                       struct gs_kept_session *k, char **ret_why)
{
    const struct gs_session *taken;

    if (!*wanted) {
        make_name(s, k);
        return 0;
    }
    if (!gs_session_name_valid(wanted)) {
        *ret_why = g_strdup_printf("%s: a name has up to 63 of A-Z a-z 0-9 - _ . and begins with a "
                                   "letter or digit",
                                   wanted);
        return -EINVAL;
    }
    taken = gs_session_find(s, wanted);
    if (taken) {
        *ret_why = g_strdup_printf(
            "there is a session %s already%s", wanted,
            gs_session_is_visible(taken, caller) ? "" : ", of somebody else; choose another name");
        return -EEXIST;
    }
    g_strlcpy(k->name, wanted, sizeof(k->name));
    return 0;
}

/* ---- limits ---- */

static gboolean count_owned(gpointer name, gpointer session, gpointer data)
{
    unsigned *n = data;

    (void)name;
    n[1] += ((struct gs_session *)session)->kept.uid == n[0];
    return FALSE;
}

static int check_limits(struct gs_sessions *s, uid_t uid, char **ret_why)
{
    unsigned owned[2] = {uid, 0};

    if ((unsigned)g_tree_nnodes(s->sessions) >= s->config->sessions) {
        *ret_why = g_strdup_printf("there are %u sessions already, as many as may be",
                                   s->config->sessions);
        return -EDQUOT;
    }
    g_tree_foreach(s->sessions, count_owned, owned);
    if (owned[1] < s->config->sessions_per_user)
        return 0;
    *ret_why = g_strdup_printf("this user has %u sessions already, as many as one may have",
                               s->config->sessions_per_user);
    return -EDQUOT;
}

/* ---- the whole ---- */

static int fill(struct gs_sessions *s, const struct gs_caller *caller,
                const struct gs_session_request *r, struct gs_kept_session *k, char **ret_why)
{
    const struct gs_app *app = NULL;
    int err = choose_owner(caller, r->user, k, ret_why);

    err = err ? err : find_app(s, caller, r->app, &app, ret_why);
    g_strlcpy(k->app, app ? app->name : "", sizeof(k->app));
    err = err ? err : fill_command(app, r, k, ret_why);
    err = err ? err : fill_settings(s, caller, r->settings, k, ret_why);
    err = err ? err : choose_name(s, caller, r->name, k, ret_why);
    err = err ? err : check_limits(s, k->uid, ret_why);
    g_snprintf(k->log_dir, sizeof(k->log_dir), "%s/%s/%s", s->config->log_dir, k->user, k->name);
    k->created = gs_wall_s();
    return err;
}

/* Of one that was not started. */
static void undo(struct gs_session *session)
{
    struct gs_sessions *s = session->all;

    gs_state_remove(s->state, session->kept.name);
    g_tree_remove(s->sessions, session->kept.name);
    gs_session_free(session);
}

int gs_session_begin(struct gs_session *session, char **ret_why)
{
    int err = gs_session_start_worker(session, ret_why);

    if (!err)
        gs_sessions_say(session->all, session, "session-created", "created: %s",
                        session->kept.argv[0]);
    return err;
}

static int start_or_wait(struct gs_session *session, const struct gs_caller *caller, bool may_wait,
                         char **ret_why)
{
    g_autofree char *brief = NULL;
    int err = gs_session_admit(session, &session->kept.settings, caller, ret_why, &brief);

    if (!err)
        return gs_session_begin(session, ret_why);
    if (!may_wait || !brief)
        return err;
    g_clear_pointer(ret_why, g_free);
    gs_session_enqueue(session, brief);
    return 0;
}

int gs_sessions_create(struct gs_sessions *s, const struct gs_caller *caller,
                       const struct gs_session_request *request, gs_sessions_done done, void *user,
                       char **ret_why)
{
    struct gs_kept_session k = {0};
    struct gs_session *session;
    int err;

    *ret_why = NULL;
    if (s->closing_all) {
        *ret_why = g_strdup("the daemon is shutting down");
        return -EAGAIN;
    }
    err = fill(s, caller, request, &k, ret_why);
    if (err) {
        gs_kept_session_finish(&k);
        return err;
    }
    session = gs_session_new(s, &k);
    err = start_or_wait(session, caller, request->queue, ret_why);
    if (err) {
        undo(session);
        return err;
    }
    session->creator = (struct gs_waiter){done, user};
    s->info.created++;
    return 0;
}
