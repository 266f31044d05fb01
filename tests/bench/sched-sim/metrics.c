/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/bench/sched-sim/metrics.h"

#include <math.h>

#include "common/macros.h"

#define STEPS_A_SECOND ((unsigned)(GS_NS_PER_S / SIM_STEP))
#define FROM (5 * STEPS_A_SECOND)
#define STRIDE (STEPS_A_SECOND / 10)
#define PAUSE (STEPS_A_SECOND / 2) /* after something changed */
#define IDLE_AT_MOST 0.02
#define ROOM 1.25
#define FLOOR_AT_LEAST 0.95
#define CAP_SLACK 0.02
#define TIMES_MAX (2 * SIM_APPS_MAX + SIM_CHANGES_MAX + 2)

const unsigned sim_window_s[SIM_N_WINDOWS] = {1, 5, 10};

/* ---- values ---- */

static void add(GArray *to, double value)
{
    float v = (float)value;

    g_array_append_val(to, v);
}

static int compare(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

double sim_quantile(GArray *values, double part)
{
    unsigned last = values->len - 1;

    if (values->len == 0)
        return NAN;
    g_array_sort(values, compare);
    return g_array_index(values, float, (unsigned)lround(part * last));
}

static double percent(unsigned part, unsigned of)
{
    return of == 0 ? NAN : 100.0 * part / of;
}

double sim_floors_missed(const struct sim_metrics *m)
{
    return percent(m->floor_missed, m->floor_windows);
}

double sim_caps_missed(const struct sim_metrics *m)
{
    return percent(m->cap_missed, m->cap_windows);
}

double sim_utilisation(const struct sim_metrics *m)
{
    return m->could > 0 ? 100 * m->used / m->could : NAN;
}

/* ---- windows ---- */

struct span {
    const struct sim_world *w;
    unsigned from, to, device;
};

/* Those whose shares are compared. */
struct compared {
    unsigned n, cheats;
    double used[SIM_APPS_MAX], weight[SIM_APPS_MAX];
    bool cheat[SIM_APPS_MAX];
};

static const struct sim_sample *at(const struct sim_world *w, unsigned app, unsigned step)
{
    return &w->app[app].record.sample[step];
}

static double used_in(const struct span *s, unsigned app)
{
    return at(s->w, app, s->to)->used - at(s->w, app, s->from)->used;
}

static bool there(const struct span *s, unsigned app)
{
    return s->w->app[app].record.device == s->device && at(s->w, app, s->from)->weight > 0 &&
           at(s->w, app, s->to)->weight > 0;
}

static bool is_compared(const struct span *s, unsigned app)
{
    const struct sim_app_conf *c = s->w->app[app].conf;
    double idle = at(s->w, app, s->to)->idle - at(s->w, app, s->from)->idle;
    double ns = (double)(s->to - s->from) * (double)SIM_STEP;

    return there(s, app) && c->cap_permille == 0 && at(s->w, app, s->from)->floor_fps == 0 &&
           idle <= IDLE_AT_MOST * ns;
}

static double group_part(const struct span *s, unsigned app, const bool in[])
{
    unsigned group = s->w->app[app].conf->group;
    double all = 0;

    if (group == 0)
        return at(s->w, app, s->from)->weight;
    for (unsigned i = 0; i < s->w->scenario->n_apps; i++) {
        if (in[i] && s->w->app[i].conf->group == group)
            all += at(s->w, i, s->from)->weight;
    }
    return at(s->w, app, s->from)->weight / all * s->w->scenario->group_weight[group - 1];
}

/* Of the device, as far as what it does one after the other allows. */
static double most_of(const struct span *s, unsigned app)
{
    const struct sim_app_conf *c = s->w->app[app].conf;
    const struct sim_device_conf *d = &s->w->device[s->device].conf;
    double threads = d->kind == SIM_SOFTWARE && c->threads ? c->threads : d->engines;
    double serial = c->cpu_ms + c->cost.ms, work = c->cost.ms + c->own_ms;

    if (c->kind == SIM_OFFSCREEN)
        return threads / d->engines;
    if (d->kind == SIM_SOFTWARE) {
        serial = fmax(c->cpu_ms + c->cost.ms / threads, c->own_ms);
        work += c->cpu_ms;
    } else if (!c->cpu_late) {
        serial = fmax(c->cpu_ms, c->cost.ms);
    }
    return work / fmax(serial, 1000.0 / c->fps) / d->engines;
}

/* Takes those out that could hardly use what their weight gives, if any. */
static bool drop_small(const struct span *s, bool in[])
{
    double all = 0;
    bool dropped = false;

    for (unsigned i = 0; i < s->w->scenario->n_apps; i++)
        all += in[i] ? group_part(s, i, in) : 0;
    for (unsigned i = 0; i < s->w->scenario->n_apps; i++) {
        if (in[i] && most_of(s, i) < ROOM * group_part(s, i, in) / all) {
            in[i] = false;
            dropped = true;
        }
    }
    return dropped;
}

static void compare_in(const struct span *s, struct compared *ret)
{
    bool in[SIM_APPS_MAX];

    ret->n = ret->cheats = 0;
    for (unsigned i = 0; i < s->w->scenario->n_apps; i++)
        in[i] = is_compared(s, i);
    while (drop_small(s, in))
        ;
    for (unsigned i = 0; i < s->w->scenario->n_apps; i++) {
        if (!in[i])
            continue;
        ret->cheat[ret->n] = s->w->app[i].conf->lies || s->w->app[i].conf->mute;
        ret->cheats += ret->cheat[ret->n];
        ret->used[ret->n] = used_in(s, i);
        ret->weight[ret->n++] = group_part(s, i, in);
    }
}

/* NAN where there are no two to compare. */
static double error_of(const struct compared *c)
{
    double used = 0, weight = 0, error = 0;

    for (unsigned i = 0; i < c->n; i++) {
        used += c->used[i];
        weight += c->weight[i];
    }
    if (c->n < 2 || used <= 0)
        return NAN;
    for (unsigned i = 0; i < c->n; i++) {
        double lacks = c->weight[i] / weight - c->used[i] / used;

        /* What who cheats loses is had by others, and no error. */
        error = fmax(error, c->cheats == 0 ? fabs(lacks) : c->cheat[i] ? 0 : lacks);
    }
    return 100 * error;
}

static void add_evenness(struct sim_metrics *m, const struct compared *c)
{
    double low = INFINITY, high = 0, sum = 0, squares = 0;

    for (unsigned i = 0; i < c->n; i++) {
        double each = c->used[i] / c->weight[i];

        low = fmin(low, each);
        high = fmax(high, each);
        sum += each;
        squares += each * each;
    }
    if (high <= 0 || c->cheats > 0)
        return;
    add(m->min_max, low / high);
    add(m->jain, sum * sum / (c->n * squares));
}

/* ---- when something changes ---- */

static unsigned step_of(double s)
{
    return (unsigned)lround(s * STEPS_A_SECOND);
}

static int compare_steps(const void *a, const void *b)
{
    unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

    return (x > y) - (x < y);
}

static unsigned add_step(unsigned steps[TIMES_MAX], unsigned n, double s, unsigned last)
{
    if (s > 0 && step_of(s) < last)
        steps[n++] = step_of(s);
    return n;
}

/* Sorted, from 0 to the end. */
static unsigned change_steps(const struct sim_world *w, unsigned steps[TIMES_MAX])
{
    const struct sim_scenario *s = w->scenario;
    unsigned n = 0, last = w->n_steps - 1;

    steps[n++] = 0;
    for (unsigned i = 0; i < s->n_apps; i++) {
        n = add_step(steps, n, s->app[i].join_s, last);
        n = add_step(steps, n, s->app[i].leave_s, last);
    }
    for (unsigned i = 0; i < s->n_changes; i++)
        n = add_step(steps, n, s->change[i].at_s, last);
    steps[n++] = last;
    qsort(steps, n, sizeof(steps[0]), compare_steps);
    return n;
}

static void add_shares_between(struct sim_metrics *m, struct span *s, unsigned from, unsigned to)
{
    for (int k = 0; k < SIM_N_WINDOWS; k++) {
        unsigned length = sim_window_s[k] * STEPS_A_SECOND;

        for (s->from = GS_MAX(from, FROM); s->from + length <= to; s->from += STRIDE) {
            struct compared c;
            double error;

            s->to = s->from + length;
            compare_in(s, &c);
            error = error_of(&c);
            if (isnan(error))
                continue;
            add(m->error[k], error);
            if (k == SIM_10S)
                add_evenness(m, &c);
        }
    }
}

/* The last window of 1 s in which shares were not yet as they should be says how long it took. */
static void add_settling(struct sim_metrics *m, struct span *s, unsigned from, unsigned to)
{
    unsigned last = from, step = STEPS_A_SECOND / 20, windows = 0;

    for (s->from = from + 1; s->from + STEPS_A_SECOND <= to; s->from += step) {
        struct compared c;
        double error;

        s->to = s->from + STEPS_A_SECOND;
        compare_in(s, &c);
        error = error_of(&c);
        windows += !isnan(error);
        if (error > SIM_SETTLED)
            last = s->from + step;
    }
    if (windows > 0)
        add(m->settle_s, (double)(last - from) / STEPS_A_SECOND);
}

static void add_shares(struct sim_metrics *m, const struct sim_world *w, unsigned device)
{
    struct span span = {.w = w, .device = device};
    unsigned steps[TIMES_MAX], n = change_steps(w, steps);

    for (unsigned i = 0; i + 1 < n; i++) {
        add_shares_between(m, &span, steps[i] + PAUSE, steps[i + 1]);
        if (i > 0 && steps[i + 1] >= steps[i] + 2 * STEPS_A_SECOND)
            add_settling(m, &span, steps[i], steps[i + 1]);
    }
}

/* ---- floors, caps, devices ---- */

static void add_promises(struct sim_metrics *m, const struct sim_world *w, unsigned app)
{
    const struct sim_app_conf *c = w->app[app].conf;
    struct span s = {.w = w, .device = w->app[app].record.device};
    double all = (double)GS_NS_PER_S * w->device[s.device].conf.engines;
    unsigned from = GS_MAX(FROM, step_of(c->join_s) + STEPS_A_SECOND);

    for (s.from = from; s.from + STEPS_A_SECOND < w->n_steps; s.from += STRIDE) {
        double floor_fps = at(w, app, s.from)->floor_fps;

        s.to = s.from + STEPS_A_SECOND;
        if (!there(&s, app))
            continue;
        if (floor_fps > 0 && floor_fps == at(w, app, s.to)->floor_fps) {
            unsigned frames = at(w, app, s.to)->frames - at(w, app, s.from)->frames;

            m->floor_windows++;
            m->floor_missed += frames < FLOOR_AT_LEAST * floor_fps;
        }
        if (c->cap_permille > 0) {
            m->cap_windows++;
            m->cap_missed += used_in(&s, app) > (c->cap_permille / 1000.0 + CAP_SLACK) * all;
        }
    }
}

static double device_used(const struct sim_world *w, unsigned device, unsigned from, unsigned to)
{
    double used = 0;

    for (unsigned i = 0; i < w->scenario->n_apps; i++) {
        if (w->app[i].record.device == device)
            used += at(w, i, to)->used - at(w, i, from)->used;
    }
    return used;
}

static void add_devices(struct sim_metrics *m, const struct sim_world *w)
{
    double ns = (double)SIM_STEP, low = INFINITY, high = 0;
    unsigned last = w->n_steps - 1, from = GS_MIN(FROM, last);
    unsigned late = last > 10 * STEPS_A_SECOND ? last - 10 * STEPS_A_SECOND : from;

    for (unsigned d = 0; d < w->scenario->n_devices; d++) {
        double late_part =
            device_used(w, d, late, last) / (ns * (last - late) * w->device[d].conf.engines);

        m->used += device_used(w, d, from, last);
        m->could += ns * (last - from) * w->device[d].conf.engines;
        low = fmin(low, late_part);
        high = fmax(high, late_part);
    }
    if (w->scenario->n_devices > 1)
        add(m->spread, 100 * (high - low));
}

static void add_counts(struct sim_metrics *m, const struct sim_app *app)
{
    struct gs_sched_info info;

    if (!app->session)
        return;
    gs_sched_info(app->session, app->world->clock.now, &info);
    m->starved += info.starved;
    m->liberties += info.liberties;
    m->lapsed += info.lapsed;
}

void sim_metrics_add(struct sim_metrics *m, struct sim_world *w)
{
    for (unsigned d = 0; d < w->scenario->n_devices; d++)
        add_shares(m, w, d);
    for (unsigned i = 0; i < w->scenario->n_apps; i++) {
        const struct sim_record *r = &w->app[i].record;

        if (w->app[i].conf->kind != SIM_GREEDY) {
            g_array_append_vals(m->start_ms, r->start_ms->data, r->start_ms->len);
            g_array_append_vals(m->drawn_ms, r->drawn_ms->data, r->drawn_ms->len);
        }
        g_array_append_vals(m->input_ms, r->input_ms->data, r->input_ms->len);
        add_promises(m, w, i);
        add_counts(m, &w->app[i]);
    }
    add_devices(m, w);
    m->runs++;
}

static GArray **arrays(struct sim_metrics *m, unsigned i)
{
    GArray **all[] = {&m->error[SIM_1S], &m->error[SIM_5S], &m->error[SIM_10S], &m->min_max,
                      &m->jain,          &m->start_ms,      &m->drawn_ms,       &m->input_ms,
                      &m->settle_s,      &m->spread};

    return i < GS_ARRAY_SIZE(all) ? all[i] : NULL;
}

void sim_metrics_init(struct sim_metrics *m)
{
    *m = (struct sim_metrics){0};
    for (unsigned i = 0; arrays(m, i); i++)
        *arrays(m, i) = g_array_new(FALSE, FALSE, sizeof(float));
}

void sim_metrics_finish(struct sim_metrics *m)
{
    for (unsigned i = 0; arrays(m, i); i++)
        g_array_free(*arrays(m, i), TRUE);
}
