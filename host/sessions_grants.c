/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sessions' part in the scheduler (host/grants.h): whose share each has, with which it draws,
 * its page, and what its frames cost. */
#include <errno.h>
#include <string.h>

#include "common/log.h"
#include "host/cgroup_session.h"
#include "host/sessions_internal.h"

#define NORMAL_WEIGHT 100
#define COSTS_MAX 256 /* applications that are remembered */
#define FRAMES_MIN 30 /* of which the cost is believed */

/* ---- the whole ---- */

static void fill_policy(const struct gs_host_config *c, struct gs_sched_params *ret)
{
    *ret = (struct gs_sched_params){.policy = (enum gs_sched_policy)c->policy,
                                    .fixed_sessions = MAX(c->fixed_sessions, 1),
                                    .limit_fps = MAX(c->limit_fps, 1)};
}

int gs_sessions_open_grants(struct gs_sessions *s, char **ret_why)
{
    struct gs_grants_params params = {
        .depth = s->config->depth == UINT32_MAX ? 0 : s->config->depth, .root = "/"};
    int err;

    fill_policy(s->config, &params.sched);
    s->costs =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_array_unref);
    err = gs_grants_create(&params, &s->scheduler);
    if (err)
        *ret_why = g_strdup_printf("the scheduler cannot be started: %s", g_strerror(-err));
    return err;
}

void gs_sessions_close_grants(struct gs_sessions *s)
{
    gs_grants_destroy(g_steal_pointer(&s->scheduler));
    g_clear_pointer(&s->costs, g_hash_table_unref);
}

unsigned gs_sessions_devices(struct gs_sessions *s, struct gs_grants_device *ret, unsigned most)
{
    unsigned n = gs_grants_devices(s->scheduler, ret, most);

    gs_sessions_fill_promised(s, ret, MIN(n, most));
    return n;
}

/* ---- shares ---- */

/* Returns the weight of that share. */
static uint32_t take_share(struct gs_session *session)
{
    const struct gs_share *share = gs_host_config_share(session->all->config, session->kept.user);

    session->share[0] = 0;
    if (share)
        g_snprintf(session->share, sizeof(session->share), "%s %s", share->group ? "group" : "user",
                   share->name);
    return share ? share->weight : NORMAL_WEIGHT;
}

void gs_sessions_reload_grants(struct gs_sessions *s)
{
    g_autoptr(GPtrArray) list = gs_sessions_list(s);
    struct gs_sched_params policy;

    fill_policy(s->config, &policy);
    gs_grants_set_policy(s->scheduler, &policy);
    for (guint i = 0; i < list->len; i++) {
        struct gs_session *session = g_ptr_array_index(list, i);
        uint32_t weight = take_share(session);

        if (session->grants)
            gs_grants_set_group(session->grants, session->share, weight);
    }
}

/* ---- the page ---- */

static void lose_page(struct gs_session *session)
{
    if (session->grants_watch) {
        g_source_destroy(session->grants_watch);
        g_clear_pointer(&session->grants_watch, g_source_unref);
    }
    g_clear_object(&session->grants_link);
    if (session->grants)
        gs_grants_disconnect(session->grants);
}

/* Its end, or something that a worker never says there. */
static gboolean on_link(GSocket *socket, GIOCondition condition, gpointer data)
{
    (void)socket;
    (void)condition;
    lose_page(data);
    return G_SOURCE_REMOVE;
}

static void hand_over(struct gs_session *session)
{
    GSocket *socket = g_socket_connection_get_socket(session->grants_link);
    int err = gs_grants_hand_over(session->grants, g_socket_get_fd(socket));

    if (!err)
        return;
    gs_session_log(GS_LOG_WARN, session, "its worker cannot be told when to draw: %s",
                   g_strerror(-err));
    lose_page(session);
}

static bool knows_secret(const struct gs_session *session, const struct gs_adoption_peer *peer,
                         const struct gs_worker_grants *g)
{
    uint8_t hash[GS_TICKET_HASH_SIZE];

    gs_ticket_hash(g->session, g->secret, hash);
    return session && session->kept.uid == peer->uid &&
           gs_ticket_hash_equal(hash, session->kept.secret_hash);
}

/* Before its worker is ready, or is taken back, the page waits for that. */
void gs_sessions_on_grants(void *user, GSocketConnection *conn, const struct gs_adoption_peer *peer,
                           const struct gs_worker_grants *g)
{
    struct gs_sessions *s = user;
    struct gs_session *session = gs_session_find(s, g->session);
    GSocket *socket = g_socket_connection_get_socket(conn);

    if (!knows_secret(session, peer, g)) {
        gs_warn("process %d (user %u) asks for the turns of session %s and is not its worker",
                (int)peer->pid, (unsigned)peer->uid, g->session);
        return;
    }
    lose_page(session);
    session->grants_link = g_object_ref(conn);
    session->grants_watch = g_socket_create_source(socket, G_IO_IN | G_IO_HUP, NULL);
    g_source_set_callback(session->grants_watch, G_SOURCE_FUNC(on_link), session, NULL);
    g_source_attach(session->grants_watch, NULL);
    if (session->grants)
        hand_over(session);
}

/* ---- a session comes, changes and goes ---- */

static struct gs_sched_settings settings_of(const struct gs_session *session)
{
    const struct gs_session_settings *set = &session->kept.settings;

    return (struct gs_sched_settings){.weight = set->weight,
                                      .floor_fps = set->floor_fps,
                                      .cap_permille = set->cap_percent * 10,
                                      .fps = set->fps,
                                      .weighed = set->cpu_weight == UINT32_MAX};
}

void gs_session_add_grants(struct gs_session *session)
{
    uint32_t weight = take_share(session);
    g_autofree char *cgroups = NULL;
    struct gs_grants_session_params params = {.name = session->kept.name,
                                              .group = session->share,
                                              .group_weight = weight,
                                              .gpu = session->ready.gpu,
                                              .keeper = session->kept.keeper,
                                              .settings = settings_of(session)};
    char group[256];

    gs_session_name_cgroup(session, group);
    params.cgroups = cgroups = gs_cgroup_session_paths("/", group);
    session->held = GS_GRANTS_HELD_OBEYS;
    session->grants = gs_grants_add(session->all->scheduler, &params);
    if (session->grants_link)
        hand_over(session);
}

void gs_session_remove_grants(struct gs_session *session)
{
    lose_page(session);
    gs_grants_remove(g_steal_pointer(&session->grants));
}

void gs_session_set_grants(struct gs_session *session)
{
    const struct gs_sched_settings set = settings_of(session);

    if (session->grants)
        gs_grants_set(session->grants, &set);
}

void gs_session_fill_grants(const struct gs_session *session, struct gs_session_info *ret)
{
    ret->scheduled = session->grants != NULL;
    ret->share = session->share;
    if (session->grants)
        gs_grants_info(session->grants, &ret->grants);
}

/* ---- which GPU ---- */

/* Where there is most left of what may be promised, or for one without a floor, least used. */
static uint32_t room(const struct gs_session *session, const struct gs_grants_device *d,
                     uint64_t cost_ns)
{
    const struct gs_kept_session *k = &session->kept;
    struct gs_sched_admission a;

    if (!k->settings.floor_fps)
        return 2000 - MIN(d->used_permille, 1000) - MIN(d->sessions, 1000);
    gs_grants_admit(session->all->scheduler, d->gpu, k->settings.floor_fps, cost_ns, NULL, &a);
    return a.left_permille;
}

void gs_session_choose_gpu(const struct gs_session *session, char out[64])
{
    const struct gs_kept_session *k = &session->kept;
    struct gs_grants_device d[GS_SCHED_DEVICES_MAX];
    unsigned n = gs_grants_devices(session->all->scheduler, d, G_N_ELEMENTS(d));
    uint64_t cost_ns = gs_sessions_expected_cost(session->all, k->app, k->argv[0],
                                                 k->settings.width, k->settings.height);
    uint32_t most = 0;

    out[0] = 0;
    if (n <= 2) /* software, and one node at most */
        return;
    for (unsigned i = 1; i < n; i++) {
        uint32_t here = room(session, &d[i], cost_ns);

        if (out[0] && here <= most)
            continue;
        most = here;
        g_strlcpy(out, d[i].gpu, 64);
    }
}

/* ---- what frames cost ---- */

struct cost {
    uint64_t pixels, ns;
};

static GArray *costs_of(const struct gs_sessions *s, const char *app, const char *argv0)
{
    return g_hash_table_lookup(s->costs, *app ? app : argv0);
}

uint64_t gs_session_measured_cost(const struct gs_grants_info *info)
{
    return info->sched.frames >= FRAMES_MIN ? info->sched.cost_p90_ns : 0;
}

static void learn_cost(struct gs_session *session, const struct gs_grants_info *info)
{
    const struct gs_kept_session *k = &session->kept;
    GHashTable *all = session->all->costs;
    struct cost cost = {(uint64_t)k->settings.width * k->settings.height,
                        gs_session_measured_cost(info)};
    GArray *list = costs_of(session->all, k->app, k->argv[0]);

    if (!cost.ns)
        return;
    if (!list && g_hash_table_size(all) >= COSTS_MAX)
        g_hash_table_remove_all(all);
    if (!list) {
        list = g_array_new(FALSE, FALSE, sizeof(struct cost));
        g_hash_table_insert(all, g_strdup(*k->app ? k->app : k->argv[0]), list);
    }
    for (guint i = 0; i < list->len; i++) {
        if (g_array_index(list, struct cost, i).pixels == cost.pixels) {
            g_array_index(list, struct cost, i) = cost;
            return;
        }
    }
    if (list->len >= COSTS_MAX)
        g_array_set_size(list, 0);
    g_array_append_val(list, cost);
}

uint64_t gs_sessions_expected_cost(const struct gs_sessions *s, const char *app, const char *argv0,
                                   uint32_t width, uint32_t height)
{
    const GArray *list = costs_of(s, app, argv0);
    uint64_t pixels = (uint64_t)width * height, distance = UINT64_MAX;
    const struct cost *nearest = NULL;

    for (guint i = 0; list && i < list->len; i++) {
        const struct cost *c = &g_array_index(list, struct cost, i);
        uint64_t apart = c->pixels > pixels ? c->pixels - pixels : pixels - c->pixels;

        if (apart < distance)
            nearest = c;
        distance = MIN(distance, apart);
    }
    return nearest ? (uint64_t)((double)nearest->ns * (double)pixels / (double)nearest->pixels) : 0;
}

/* ---- the clock ---- */

void gs_sessions_tick_grants(struct gs_sessions *s)
{
    g_autoptr(GPtrArray) list = gs_sessions_list(s);

    for (guint i = 0; i < list->len; i++) {
        struct gs_session *session = g_ptr_array_index(list, i);
        struct gs_grants_info info;

        if (!session->grants)
            continue;
        gs_grants_info(session->grants, &info);
        learn_cost(session, &info);
        gs_session_say_grants(session, &info);
    }
}
