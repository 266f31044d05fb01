/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/door_limits.h"

#include <string.h>

#include "common/clock.h"

#define WINDOW_NS (60 * GS_NS_PER_S)
#define ADDRESSES_MAX 1024 /* that are remembered */

uint64_t gs_door_address_key(GInetAddress *address)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff}; /* RFC 4291, 2.5.5.2 */
    const guint8 *bytes = g_inet_address_to_bytes(address);
    size_t from = 0, size = g_inet_address_get_native_size(address);
    uint64_t key = 0;

    if (size == 16 && memcmp(bytes, mapped, sizeof(mapped)) == 0)
        from = 12;
    else if (size == 16)
        size = 8;
    for (size_t i = from; i < size; i++)
        key = key << 8 | bytes[i];
    return key;
}

/* ---- who gives way ---- */

static unsigned waiting_of(const struct gs_door_guest *guests, unsigned n, uint64_t address)
{
    unsigned count = 0;

    for (unsigned i = 0; i < n; i++)
        count += !guests[i].let_in && guests[i].address == address;
    return count;
}

/* The one to go of an address; 0: nobody waits. */
static uint32_t pick(const struct gs_door_guest *guests, unsigned n, uint64_t address)
{
    const struct gs_door_guest *victim = NULL;

    for (unsigned i = 0; i < n; i++) {
        const struct gs_door_guest *g = &guests[i];

        if (g->let_in || g->address != address)
            continue;
        if (!victim || g->silent > victim->silent ||
            (g->silent == victim->silent && g->id < victim->id))
            victim = g;
    }
    return victim ? victim->id : 0;
}

/* The address with most that wait, the new one counted with them; of equals that of the oldest. */
static uint64_t most_crowded(const struct gs_door_guest *guests, unsigned n, uint64_t newcomer)
{
    uint64_t most = newcomer;
    unsigned most_n = 0;
    uint32_t most_id = 0;

    for (unsigned i = 0; i < n; i++) {
        unsigned count;

        if (guests[i].let_in)
            continue;
        count = waiting_of(guests, n, guests[i].address) + (guests[i].address == newcomer);
        if (count > most_n || (count == most_n && guests[i].id < most_id)) {
            most = guests[i].address;
            most_n = count;
            most_id = guests[i].id;
        }
    }
    return most;
}

bool gs_door_limits_admit(const struct gs_door_limits *limits, const struct gs_door_guest *guests,
                          unsigned n, uint64_t address, uint32_t *ret_leaves)
{
    unsigned waiting = 0, same = 0;

    for (unsigned i = 0; i < n; i++) {
        waiting += !guests[i].let_in;
        same += guests[i].address == address;
    }
    *ret_leaves = 0;
    if (same >= limits->per_address)
        *ret_leaves = pick(guests, n, address);
    else if (waiting >= limits->waiting || (n >= limits->connections && waiting > 0))
        *ret_leaves = pick(guests, n, most_crowded(guests, n, address));
    else
        return n < limits->connections;
    return *ret_leaves != 0;
}

/* ---- wrong tickets ---- */

struct offender {
    uint64_t address;
    uint64_t times[GS_DOOR_WRONG_MAX]; /* a ring; 0: none */
    unsigned next;
    uint64_t last;
};

struct gs_door_wrong {
    GHashTable *offenders; /* address → struct offender */
};

struct gs_door_wrong *gs_door_wrong_create(void)
{
    struct gs_door_wrong *w = g_new0(struct gs_door_wrong, 1);

    w->offenders = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
    return w;
}

void gs_door_wrong_destroy(struct gs_door_wrong *w)
{
    if (!w)
        return;
    g_hash_table_unref(w->offenders);
    g_free(w);
}

static void forget_oldest(struct gs_door_wrong *w)
{
    const struct offender *oldest = NULL;
    GHashTableIter iter;
    gpointer o;

    g_hash_table_iter_init(&iter, w->offenders);
    while (g_hash_table_iter_next(&iter, NULL, &o)) {
        if (!oldest || ((struct offender *)o)->last < oldest->last)
            oldest = o;
    }
    if (oldest)
        g_hash_table_remove(w->offenders, &oldest->address);
}

bool gs_door_wrong_note(struct gs_door_wrong *w, uint64_t address, uint64_t now_ns)
{
    struct offender *o = g_hash_table_lookup(w->offenders, &address);
    uint64_t tenth_last;

    if (!o) {
        if (g_hash_table_size(w->offenders) >= ADDRESSES_MAX)
            forget_oldest(w);
        o = g_new0(struct offender, 1);
        o->address = address;
        g_hash_table_insert(w->offenders, &o->address, o);
    }
    tenth_last = o->times[o->next];
    o->times[o->next] = o->last = now_ns;
    o->next = (o->next + 1) % GS_DOOR_WRONG_MAX;
    return tenth_last && now_ns - tenth_last < WINDOW_NS;
}
