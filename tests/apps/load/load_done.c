/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "common/clock.h"
#include "tests/apps/load/load.h"

static int open_file(const char *path, FILE **ret)
{
    FILE *f = fopen(path, "we");

    if (!f) {
        fprintf(stderr, "gs-load-app: %s: %s\n", path, strerror(errno));
        return -errno;
    }
    setvbuf(f, NULL, _IOLBF, 0); /* who is killed has told everything */
    *ret = f;
    return 0;
}

int load_done_open(struct load_done *d, const struct load_options *o)
{
    int r = 0;

    *d = (struct load_done){.out = stdout};
    d->started_ns = d->reported_ns = gs_now_ns();
    if (o->out)
        r = open_file(o->out, &d->out);
    if (r == 0 && o->log)
        r = open_file(o->log, &d->log);
    return r;
}

static unsigned bucket_of(uint64_t ns)
{
    unsigned i = 0;

    for (uint64_t ms = ns / GS_NS_PER_MS; ms && i < 31; ms /= 2)
        i++;
    return i;
}

void load_done_frame(struct load_done *d, uint64_t work, const uint64_t times[3], uint64_t key_ns)
{
    d->frames++;
    d->work += work;
    d->drawn_ns += times[1] - times[0];
    if (d->last_ns) {
        uint64_t since = times[1] - d->last_ns;

        d->bucket[bucket_of(since)]++;
        d->longest_ns = GS_MAX(d->longest_ns, since);
    }
    d->last_ns = times[1];
    if (d->log)
        fprintf(d->log, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", times[0], times[1],
                times[2], key_ns);
}

static void print_buckets(const struct load_done *d)
{
    unsigned last = GS_ARRAY_SIZE(d->bucket);

    while (last > 0 && !d->bucket[last - 1])
        last--;
    fprintf(d->out, "\"intervals_below_2_to_n_ms\": [");
    for (unsigned i = 0; i < last; i++)
        fprintf(d->out, "%s%" PRIu32, i ? ", " : "", d->bucket[i]);
    fprintf(d->out, "]");
}

void load_done_report(struct load_done *d, uint64_t now, bool last)
{
    if (!last && now - d->reported_ns < GS_NS_PER_S)
        return;
    d->reported_ns = now;
    fprintf(d->out,
            "{\"time_ns\": %" PRIu64 ", \"seconds\": %.3f, \"frames\": %" PRIu64
            ", \"work\": %" PRIu64 ", \"drawing_ms\": %.3f, \"cpu_ms\": %.3f, "
            "\"longest_interval_ms\": %.3f, ",
            now, (double)(now - d->started_ns) / 1e9, d->frames, d->work, (double)d->drawn_ns / 1e6,
            (double)gs_clock_ns(CLOCK_PROCESS_CPUTIME_ID) / 1e6, (double)d->longest_ns / 1e6);
    print_buckets(d);
    fprintf(d->out, ", \"last\": %s}\n", last ? "true" : "false");
    fflush(d->out);
}

void load_done_close(struct load_done *d)
{
    if (d->log)
        fclose(d->log);
    if (d->out && d->out != stdout)
        fclose(d->out);
}
