/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sessions that an earlier daemon left: their workers come back, or are looked for. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "host/cgroup_session.h"
#include "host/process_stat.h"
#include "host/sessions_internal.h"

#define AWAY_MAX_NS (30 * GS_NS_PER_S)

/* ---- those who do not come back ---- */

/* A worker whose keeper was killed, too, ends when it comes here. */
static void remember_orphan(struct gs_session *session)
{
    g_array_append_vals(session->all->orphans, session->kept.secret_hash, GS_TICKET_HASH_SIZE);
}

static void on_keeper_gone(void *user, const struct gs_keeper_exit *e)
{
    struct gs_session *session = user;

    if (session->given_up)
        gs_session_worker_gone(session, "did not come back to the daemon and was killed");
    else if (!e)
        gs_session_worker_gone(session, "lost its keeper, and was ended");
    else
        gs_session_worker_gone(session, e->why[0] ? e->why : NULL);
}

void gs_sessions_check_away(struct gs_sessions *s, uint64_t now_ns)
{
    g_autoptr(GPtrArray) list = gs_sessions_list(s);

    for (guint i = 0; i < list->len; i++) {
        struct gs_session *session = g_ptr_array_index(list, i);

        if (session->state != GS_SESSION_AWAY || session->given_up ||
            now_ns - session->away_since_ns < AWAY_MAX_NS)
            continue;
        session->given_up = true;
        s->info.hung++;
        gs_sessions_say(s, session, "session-hung", "its worker does not come back");
        if (session->away)
            gs_keeper_process_signal(session->away, SIGUSR1);
        else
            gs_session_worker_gone(session, "never came back to the daemon");
    }
}

/* ---- what was left ---- */

static void take_tickets(struct gs_session *session)
{
    struct gs_kept_session *k = &session->kept;

    for (unsigned i = 0; i < k->n_tickets; i++)
        gs_tickets_add(session->all->tickets, k->name, &k->tickets[i]);
    g_clear_pointer(&k->tickets, g_free);
    k->n_tickets = 0;
}

static void report_loss(struct gs_session *session)
{
    struct gs_keeper_exit e;

    if (gs_state_read_exit(session->all->state, session->kept.name, &e) == 0) {
        gs_session_worker_gone(session, e.why[0] ? e.why : NULL);
        return;
    }
    remember_orphan(session);
    gs_session_worker_gone(session, "was lost with its keeper while no daemon ran");
}

static bool was_restarting(const struct gs_session *session)
{
    static const uint8_t none[GS_TICKET_HASH_SIZE];

    return !session->kept.keeper && memcmp(session->kept.secret_hash, none, sizeof(none)) == 0;
}

/* Its daemon may have died while it held the whole session. */
static void thaw(const struct gs_session *session)
{
    char group[256];

    gs_session_name_cgroup(session, group);
    gs_cgroup_session_thaw("/", group);
}

static void restore(struct gs_sessions *s, struct gs_kept_session *k)
{
    struct gs_session *session = gs_session_new(s, k);
    struct gs_keeper_config keeper;
    int err = 0;

    session->state = GS_SESSION_AWAY;
    session->away_since_ns = gs_now_ns();
    session->was_ready = true;
    take_tickets(session);
    gs_session_fill_keeper(session, &keeper);
    if (was_restarting(session)) {
        gs_session_restart(session, 0);
        return;
    }
    gs_session_add_slot(session);
    gs_slots_away(session->slot);
    thaw(session);
    if (session->kept.keeper)
        err = gs_keeper_process_adopt(&keeper, session->kept.keeper, session->kept.keeper_start, 0,
                                      on_keeper_gone, session, &session->away);
    if (err)
        report_loss(session);
}

void gs_sessions_restore(struct gs_sessions *s)
{
    g_autoptr(GPtrArray) kept = gs_state_load(s->state);

    for (guint i = 0; i < kept->len; i++)
        restore(s, g_ptr_array_index(kept, i));
    if (kept->len > 0)
        gs_info("%u sessions of an earlier daemon were found", kept->len);
    s->restored = true;
    gs_sessions_maybe_open_door(s, false);
}

void gs_sessions_maybe_open_door(struct gs_sessions *s, bool now)
{
    g_autoptr(GPtrArray) list = gs_sessions_list(s);

    for (guint i = 0; i < list->len && !now; i++) {
        if (((struct gs_session *)g_ptr_array_index(list, i))->state == GS_SESSION_AWAY)
            return;
    }
    if (!s->restored || s->door_open || s->closing_all)
        return;
    s->door_open = true;
    gs_door_open(s->door);
}

/* ---- those who do ---- */

static void end_orphan(struct gs_sessions *s, const struct gs_adoption_peer *peer,
                       const struct gs_worker_adopt *adopt)
{
    uint8_t hash[GS_TICKET_HASH_SIZE];

    gs_ticket_hash(adopt->session, adopt->secret, hash);
    for (guint i = 0; i < s->orphans->len; i++) {
        const uint8_t *orphan = (const uint8_t *)s->orphans->data + (gsize)i * sizeof(hash);

        if (gs_ticket_hash_equal(hash, orphan) && peer->pid > 1) {
            gs_log_session(GS_LOG_INFO, adopt->session, NULL,
                           "a worker came back whose session is over, and is ended");
            kill(peer->pid, SIGKILL);
            return;
        }
    }
    gs_warn("process %d (user %u) is no worker that is expected; it said session %s",
            (int)peer->pid, (unsigned)peer->uid, adopt->session);
}

static struct gs_session *find_expected(struct gs_sessions *s, const struct gs_adoption_peer *peer,
                                        const struct gs_worker_adopt *adopt)
{
    struct gs_session *session = gs_session_find(s, adopt->session);
    uint8_t hash[GS_TICKET_HASH_SIZE];

    gs_ticket_hash(adopt->session, adopt->secret, hash);
    if (!session || session->state != GS_SESSION_AWAY || session->given_up ||
        session->kept.uid != peer->uid || !gs_ticket_hash_equal(hash, session->kept.secret_hash))
        return NULL;
    return session;
}

/* Its keeper is not known where the daemon was killed just when it had started it. */
static void find_keeper(struct gs_session *session, pid_t worker)
{
    struct gs_process_stat stat;

    if (session->kept.keeper || gs_process_stat(worker, &stat) < 0)
        return;
    session->kept.keeper = stat.parent;
    if (gs_process_stat(stat.parent, &stat) == 0)
        session->kept.keeper_start = stat.start_time;
    gs_session_save_or_warn(session);
}

static int take_worker(struct gs_session *session, GSocketConnection *conn,
                       const struct gs_worker_adopt *adopt)
{
    struct gs_keeper_config keeper;
    struct gs_worker_params params;

    gs_session_fill_keeper(session, &keeper);
    gs_session_fill_params(session, &keeper, &params);
    return gs_worker_adopt(&params, G_IO_STREAM(conn), session->kept.keeper,
                           session->kept.keeper_start, &adopt->ready, &session->worker);
}

static void take_state(struct gs_session *session, const struct gs_worker_adopt *adopt)
{
    uint64_t unwatched_ns = adopt->unwatched_s * GS_NS_PER_S, now_ns = gs_now_ns();

    session->state = GS_SESSION_RUNNING;
    session->ready = adopt->ready;
    session->unwatched_ns = now_ns > unwatched_ns ? now_ns - unwatched_ns : 0;
    gs_slots_adopted(session->slot, adopt->slot, adopt->slot_fixed, now_ns);
    gs_sessions_tell_slots(session->all);
    for (unsigned i = 0; i < adopt->n_viewers; i++)
        gs_tickets_add_resume(session->all->tickets, session->kept.name, adopt->viewers[i].resume,
                              adopt->viewers[i].view, gs_wall_s() + GS_RESUME_S);
}

void gs_sessions_on_adopt(void *user, GSocketConnection *conn, const struct gs_adoption_peer *peer,
                          const struct gs_worker_adopt *adopt)
{
    struct gs_sessions *s = user;
    struct gs_session *session = find_expected(s, peer, adopt);
    int err;

    if (!session) {
        end_orphan(s, peer, adopt);
        return;
    }
    find_keeper(session, peer->pid);
    gs_keeper_process_free(g_steal_pointer(&session->away));
    err = take_worker(session, conn, adopt);
    if (err) {
        gs_session_worker_gone(session, "lost its keeper");
        return;
    }
    take_state(session, adopt);
    gs_session_add_grants(session);
    s->info.adopted++;
    gs_sessions_say(s, session, "session-adopted", "its worker came back with %u viewers",
                    adopt->n_viewers);
    gs_sessions_maybe_open_door(s, false);
}
