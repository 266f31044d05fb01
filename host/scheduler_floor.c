/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Floors: which are kept, whose frame is urgent, and what can be promised yet. */
#include "host/scheduler_internal.h"

#define LOOK_EVERY (100 * GS_NS_PER_MS)
#define RAISE_AFTER GS_NS_PER_S
#define RAISE_BELOW 0.9 /* of what may be promised: no swinging */
#define MARGIN GS_NS_PER_MS
#define BUDGET 2.0       /* frames that may be saved up */
#define UNKNOWN_FRAMES 4 /* until then its frames' cost is not known */

static const uint32_t steps[] = {60, 45, 30, 24};

static uint64_t period(const struct gs_sched_session *x)
{
    return GS_NS_PER_S / x->floor;
}

/* ---- which are kept ---- */

static uint32_t wished(const struct gs_sched_session *x)
{
    uint32_t floor = x->set.floor_fps;

    if (x->all->params.policy != GS_SCHED_SHARES)
        return 0;
    return GS_MIN(floor, x->set.fps);
}

/* Of the device, ns for each ns. */
static double needs(const struct gs_sched_session *x, uint32_t floor)
{
    return (double)floor * x->cost_p90 / GS_NS_PER_S;
}

/* What it takes in fact: what was promised by p90 is not taken back because frames vary. */
static double takes(const struct gs_sched_session *x, uint32_t floor)
{
    return floor * x->cost_slow / GS_NS_PER_S;
}

static uint32_t step_below(uint32_t floor)
{
    for (unsigned i = 0; i < GS_ARRAY_SIZE(steps); i++) {
        if (steps[i] < floor)
            return steps[i];
    }
    return 0;
}

/* The one that goes down first: the least weight, then the highest floor. */
static struct gs_sched_session *first_down(struct gs_sched_dev *d)
{
    struct gs_sched_session *first = NULL;

    for (struct gs_sched_session *x = d->sessions; x; x = x->next) {
        if (x->floor_next == 0 || step_below(x->floor_next) == 0 || x->cost_p90 == 0)
            continue;
        if (!first || x->set.weight < first->set.weight ||
            (x->set.weight == first->set.weight && x->floor_next > first->floor_next))
            first = x;
    }
    return first;
}

/* Fills in floor_next; what all of them need. */
static double choose(struct gs_sched_dev *d, double most)
{
    struct gs_sched_session *down;
    double sum = 0;

    for (struct gs_sched_session *x = d->sessions; x; x = x->next) {
        x->floor_next = wished(x);
        sum += takes(x, x->floor_next);
    }
    while (sum > most && (down = first_down(d))) {
        sum -= takes(down, down->floor_next);
        down->floor_next = step_below(down->floor_next);
        sum += takes(down, down->floor_next);
    }
    return sum;
}

void gs_sched_floors(struct gs_sched_dev *d, uint64_t now)
{
    double most = d->engines * GS_SCHED_FLOORS_PERMILLE / 1000, sum;
    bool changed = d->floors_at == 0;

    if (!changed && now - d->floors_at < LOOK_EVERY)
        return;
    d->floors_at = GS_MAX(now, 1);
    sum = choose(d, most);
    d->floors_scale = sum > most ? most / sum : 1;
    for (struct gs_sched_session *x = d->sessions; x; x = x->next)
        x->floor_most = x->floor_next;
    choose(d, most * RAISE_BELOW);
    for (struct gs_sched_session *x = d->sessions; x; x = x->next) {
        bool raise = x->floor_next > x->floor && now - x->floor_changed >= RAISE_AFTER;
        uint32_t before = x->floor;

        if (before == 0 || wished(x) < before || x->floor_most < before)
            x->floor = x->floor_most;
        else if (raise)
            x->floor = x->floor_next;
        if (x->floor != before)
            x->floor_changed = now;
    }
}

/* ---- whose frame is urgent ---- */

static void refill(struct gs_sched_session *x, uint64_t now)
{
    double rate = needs(x, x->floor) * x->dev->floors_scale;

    x->budget += rate * (now - x->budget_at);
    x->budget = GS_MIN(x->budget, BUDGET * x->cost_p90);
    x->budget_at = now;
}

void gs_sched_floor_wanted(struct gs_sched_session *x, uint64_t now)
{
    uint64_t last = x->deadline;

    if (x->floor == 0)
        return;
    /* Ahead: that does not last. Far behind, or from a rest: it begins anew. */
    x->deadline = last + period(x);
    if (last == 0 || x->deadline > now + period(x) || x->deadline + period(x) < now)
        x->deadline = now + period(x);
}

void gs_sched_floor_use(struct gs_sched_session *x, uint64_t ns, uint64_t now)
{
    if (x->floor == 0)
        return;
    refill(x, now);
    x->budget = GS_MAX(x->budget - ns, -1.0 * x->cost_p90);
}

static uint64_t longest_residual(const struct gs_sched_dev *d, uint64_t now)
{
    uint64_t longest = 0;

    for (struct gs_sched_session *y = d->sessions; y; y = y->next) {
        uint64_t end = y->start_at + (uint64_t)y->wall;

        if (gs_sched_in_flight(y) && end > now)
            longest = GS_MAX(longest, end - now);
    }
    return longest;
}

bool gs_sched_floor_is_due(struct gs_sched_session *x, uint64_t now)
{
    if (x->floor == 0)
        return false;
    refill(x, now);
    return x->n_costs < UNKNOWN_FRAMES || x->budget > 0;
}

double gs_sched_floor_left(const struct gs_sched_session *x)
{
    return x->n_costs < UNKNOWN_FRAMES ? 1 : GS_CLAMP(x->budget / (BUDGET * x->cost_p90), 0, 1);
}

uint64_t gs_sched_floor_latest(struct gs_sched_session *x, uint64_t now)
{
    uint64_t before;

    if (!gs_sched_floor_is_due(x, now))
        return UINT64_MAX;
    before = x->wall_p90 + longest_residual(x->dev, now) + MARGIN;
    return x->deadline > before ? x->deadline - before : 0;
}

double gs_sched_floor_needs(const struct gs_sched_session *x)
{
    return needs(x, x->floor);
}

/* ---- what can be promised ---- */

static void look(const struct gs_sched_dev *d, const struct gs_sched_session *except,
                 struct gs_sched_admission *ret)
{
    double sum = 0;

    for (const struct gs_sched_session *x = d->sessions; x; x = x->next) {
        if (x != except)
            sum += needs(x, wished(x));
    }
    ret->device = d->index;
    ret->promised_permille = (uint32_t)GS_MIN(sum * 1000 / d->engines + 0.5, 1e6);
    ret->left_permille = 0;
    if (ret->promised_permille < GS_SCHED_FLOORS_PERMILLE)
        ret->left_permille = GS_SCHED_FLOORS_PERMILLE - ret->promised_permille;
}

/* Software renders on the device that has many engines: where there is another, that comes last. */
static bool is_choice(const struct gs_sched *s, const struct gs_sched_dev *d)
{
    if (d->engines <= 1)
        return true;
    for (unsigned i = 0; i < s->params.n_devices; i++) {
        if (s->dev[i].engines <= 1)
            return false;
    }
    return true;
}

void gs_sched_admit(const struct gs_sched *s, int device, uint32_t floor_fps, uint64_t cost_ns,
                    const struct gs_sched_session *except, struct gs_sched_admission *ret)
{
    struct gs_sched_admission look_at;
    bool found = false;

    for (unsigned i = 0; i < s->params.n_devices; i++) {
        if (device >= 0 ? i != (unsigned)device : !is_choice(s, &s->dev[i]))
            continue;
        look(&s->dev[i], except, &look_at);
        if (!found || look_at.left_permille > ret->left_permille)
            *ret = look_at;
        found = true;
    }
    if (!found)
        look(&s->dev[0], except, ret);

    double needed = (double)floor_fps * cost_ns * 1000 / GS_NS_PER_S / s->dev[ret->device].engines;

    ret->needed_permille = (uint32_t)GS_MIN(needed + 0.999, 1e6);
    ret->fits = ret->needed_permille <= ret->left_permille;
}

unsigned gs_sched_place(const struct gs_sched *s, uint64_t now)
{
    unsigned best = 0;
    double least = -1;

    for (unsigned i = 0; i < s->params.n_devices; i++) {
        const struct gs_sched_dev *d = &s->dev[i];
        /* Those that have not drawn yet will. */
        double load = d->n * 0.01;

        if (!is_choice(s, d))
            continue;
        for (const struct gs_sched_session *x = d->sessions; x; x = x->next)
            load +=
                (double)gs_sched_rate_get(&x->used, GS_NS_PER_S, now) / GS_NS_PER_S / d->engines;
        if (least < 0 || load < least) {
            least = load;
            best = i;
        }
    }
    return best;
}
