/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/metrics_shares.h"

#include "host/exposition.h"

static const struct {
    const char *name, *help;
    size_t offset;
    unsigned decimals;
} device_rows[] = {
#define DEVICE(field) offsetof(struct gs_grants_device, field)
    {"gpushare_device_engines", "What works at the same time: processors, where software renders.",
     DEVICE(engines), 0},
    {"gpushare_device_sessions", "Sessions that draw with it.", DEVICE(sessions), 0},
    {"gpushare_device_used_ratio", "Part of it that sessions used in the last second.",
     DEVICE(used_permille), 3},
    {"gpushare_device_promised_ratio", "Part of it that is promised to floors; at most 0.8.",
     DEVICE(promised_permille), 3},
};

void gs_metrics_put_devices(GString *out, const struct gs_metrics *m)
{
    for (size_t row = 0; row < G_N_ELEMENTS(device_rows); row++) {
        gs_exposition_begin(out, device_rows[row].name, "gauge", device_rows[row].help);
        for (unsigned i = 0; i < m->n_devices; i++) {
            const struct gs_grants_device *d = &m->devices[i];
            const struct gs_exposition_label labels[] = {{"device", *d->gpu ? d->gpu : "software"},
                                                         {NULL, NULL}};

            gs_exposition_add(
                out, device_rows[row].name, "", labels,
                *(const uint32_t *)(const void *)((const char *)d + device_rows[row].offset),
                device_rows[row].decimals);
        }
    }
}

static void add_misses(GString *out, const char *name, const struct gs_session_info *s)
{
    const struct gs_sched_info *sched = &s->grants.sched;
    struct gs_exposition_label labels[] = {
        {"session", s->name}, {"culprit", "(other)"}, {NULL, NULL}};
    uint64_t rest = sched->misses;

    for (unsigned i = 0; i < MIN(sched->n_culprits, GS_SCHED_CULPRITS_MAX); i++) {
        const struct gs_sched_culprit *c = &sched->culprits[i];

        labels[1].value = c->name;
        gs_exposition_add(out, name, "", labels, c->misses, 0);
        rest -= MIN(rest, c->misses);
    }
    labels[1].value = "(other)";
    if (rest > 0)
        gs_exposition_add(out, name, "", labels, rest, 0);
}

void gs_metrics_put_misses(GString *out, const struct gs_metrics *m)
{
    static const char name[] = "gpushare_session_misses_total";

    gs_exposition_begin(out, name, "counter",
                        "Missed frames, by the session that was in the way; itself, where none "
                        "was.");
    for (unsigned i = 0; i < m->n_sessions; i++) {
        if (m->sessions[i].scheduled)
            add_misses(out, name, &m->sessions[i]);
    }
}
