/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GPU time of the DRM clients of a session's processes. One client may be open in several processes
 * and several times in one: it counts once, by its id. What it says may go back for a while: the
 * most that was seen holds. Where a driver counts cycles alone (xe), they are time by the rate at
 * which the GPU's own clock runs, the fastest that was seen, since that clock may stand still.
 *
 * Linux, Documentation/gpu/drm-usage-stats.rst
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "host/meter_device.h"
#include "host/meter_fdinfo_text.h"
#include "host/meter_internal.h"
#include "host/meter_processes.h"

#define CLIENTS_MOST 1024 /* that are remembered after they ended */
#define RATE_WINDOW (100 * GS_NS_PER_MS)

struct engine {
    char name[GS_FDINFO_NAME_SIZE];
    bool by_cycles;
    double base, most; /* ns or cycles of one engine */
};

struct client {
    uint64_t id;
    int fd;    /* one of its texts; -1: it ended, as far as is known */
    bool seen; /* in this look */
    unsigned n_engines;
    struct engine engines[GS_FDINFO_ENGINES_MOST];
};

struct fdinfo {
    struct gs_meter base;
    struct gs_meter_device device;
    char *proc;
    struct gs_meter_processes *processes;
    GHashTable *clients; /* id → struct client */
    uint64_t opened;     /* 0: neither read nor looked around yet */
    uint64_t ended;      /* ns of those that are not remembered any more */
    uint64_t used;       /* said last */
    bool tells;          /* some client told of its engines */
    /* The GPU's clock. */
    uint64_t rate_from, rate_cycles;
    double rate; /* cycles a ns; 0: not known yet */
};

/* ---- one client ---- */

static void client_free(void *data)
{
    struct client *c = data;

    if (c->fd >= 0)
        close(c->fd);
    g_free(c);
}

static struct engine *engine_of(struct client *c, const char *name)
{
    for (unsigned i = 0; i < c->n_engines; i++) {
        if (strcmp(c->engines[i].name, name) == 0)
            return &c->engines[i];
    }
    return NULL;
}

/* What was used before the meter was opened does not count. */
static void take_engine(const struct fdinfo *f, struct client *c,
                        const struct gs_fdinfo_engine *from)
{
    struct engine *e = engine_of(c, from->name);
    double value = (double)(from->has_time ? from->busy_ns : from->cycles) / from->capacity;

    if (!e) {
        if (c->n_engines == GS_FDINFO_ENGINES_MOST)
            return;
        e = &c->engines[c->n_engines++];
        *e = (struct engine){.by_cycles = !from->has_time};
        g_strlcpy(e->name, from->name, sizeof(e->name));
        e->base = f->opened ? 0 : value;
    }
    if (e->by_cycles == !from->has_time)
        e->most = GS_MAX(e->most, value);
}

/* By the first engine that counts: all have one clock. */
static void measure_rate(struct fdinfo *f, const struct gs_fdinfo_engine *e, uint64_t now)
{
    double rate;

    if (f->rate_from && now < f->rate_from + RATE_WINDOW)
        return;
    if (f->rate_from && e->total_cycles > f->rate_cycles) {
        rate = (double)(e->total_cycles - f->rate_cycles) / (double)(now - f->rate_from);
        f->rate = GS_MAX(f->rate, rate);
    }
    f->rate_from = now;
    f->rate_cycles = e->total_cycles;
}

static void take_client(struct fdinfo *f, struct client *c, const struct gs_fdinfo *from,
                        uint64_t now)
{
    for (unsigned i = 0; i < from->n_engines; i++) {
        const struct gs_fdinfo_engine *e = &from->engines[i];

        if (!e->has_time && !e->has_cycles)
            continue;
        f->tells = true;
        if (!e->has_time && now)
            measure_rate(f, e, now);
        take_engine(f, c, e);
    }
}

static double used_by(const struct fdinfo *f, const struct client *c, uint64_t now)
{
    double passed = now > f->opened ? (double)(now - f->opened) : 0, sum = 0;

    for (unsigned i = 0; i < c->n_engines; i++) {
        const struct engine *e = &c->engines[i];
        double used = e->most - e->base;

        if (e->by_cycles)
            used = f->rate > 0 ? used / f->rate : 0;
        sum += GS_CLAMP(used, 0, passed);
    }
    return sum;
}

/* ---- the texts of the kernel ---- */

static bool is_of_device(const struct fdinfo *f, const struct gs_fdinfo *text, const char *link)
{
    const char *name = strrchr(link, '/');

    if (text->device[0] || f->device.pci[0])
        return strcmp(text->device, f->device.pci) == 0;
    return name && strcmp(name + 1, f->device.node) == 0;
}

static bool read_text(int fd, struct gs_fdinfo *ret)
{
    char text[8192];
    int n = gs_meter_read_fd(fd, text, sizeof(text));

    return n > 0 && gs_fdinfo_parse(text, (size_t)n, ret);
}

/* Its descriptor may be another file by now. */
static bool refresh(struct fdinfo *f, struct client *c, uint64_t now)
{
    struct gs_fdinfo text;

    if (c->fd < 0 || !read_text(c->fd, &text) || text.client != c->id ||
        strcmp(text.device, f->device.pci) != 0)
        return false;
    take_client(f, c, &text, now);
    return true;
}

static void take_descriptor(struct fdinfo *f, pid_t pid, const char *number, const char *link,
                            uint64_t now)
{
    g_autofree char *path = g_strdup_printf("%s/%d/fdinfo/%s", f->proc, (int)pid, number);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct gs_fdinfo text;
    struct client *c;

    if (fd < 0)
        return;
    if (!read_text(fd, &text) || !is_of_device(f, &text, link)) {
        close(fd);
        return;
    }
    c = g_hash_table_lookup(f->clients, &text.client);
    if (!c) {
        c = g_new0(struct client, 1);
        *c = (struct client){.id = text.client, .fd = -1};
        g_hash_table_insert(f->clients, &c->id, c);
    }
    c->seen = true;
    take_client(f, c, &text, now);
    if (c->fd < 0)
        c->fd = fd;
    else
        close(fd);
}

static void look_at_process(struct fdinfo *f, pid_t pid, uint64_t now)
{
    g_autofree char *folder = g_strdup_printf("%s/%d/fd", f->proc, (int)pid);
    const struct dirent *entry;
    DIR *dir = opendir(folder);

    while (dir && (entry = readdir(dir))) {
        char link[PATH_MAX];
        ssize_t n = readlinkat(dirfd(dir), entry->d_name, link, sizeof(link) - 1);

        link[GS_MAX(n, 0)] = '\0';
        if (n > 0 && strstr(link, "/dri/"))
            take_descriptor(f, pid, entry->d_name, link, now);
    }
    if (dir)
        closedir(dir);
}

/* ---- all of them ---- */

static void nobody_asks(void *user, struct gs_meter_process *p)
{
    (void)user;
    (void)p;
}

static void let_go(struct client *c)
{
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
}

/* Those that ended are remembered, as an id may turn up in another process; not without end. */
static void sweep(struct fdinfo *f, uint64_t now)
{
    bool many = g_hash_table_size(f->clients) > CLIENTS_MOST;
    GHashTableIter i;
    void *value;

    g_hash_table_iter_init(&i, f->clients);
    while (g_hash_table_iter_next(&i, NULL, &value)) {
        struct client *c = value;

        if (!c->seen)
            let_go(c);
        if (!c->seen && many) {
            f->ended += (uint64_t)used_by(f, c, now);
            g_hash_table_iter_remove(&i);
        }
    }
}

static void look(struct fdinfo *f, uint64_t now)
{
    static const struct gs_meter_processes_listener listener = {nobody_asks, nobody_asks};
    GHashTableIter i;
    void *value;

    g_hash_table_iter_init(&i, f->clients);
    while (g_hash_table_iter_next(&i, NULL, &value)) {
        struct client *c = value;

        c->seen = false;
        if (!refresh(f, c, now))
            let_go(c);
    }
    gs_meter_processes_look(f->processes, &listener, NULL);
    for (unsigned n = 0; n < gs_meter_processes_count(f->processes); n++)
        look_at_process(f, gs_meter_processes_at(f->processes, n)->pid, now);
    sweep(f, now);
}

static uint64_t fdinfo_read(struct gs_meter *m, uint64_t now)
{
    struct fdinfo *f = (struct fdinfo *)m;
    double sum = (double)f->ended;
    GHashTableIter i;
    void *value;

    if (!f->opened)
        f->opened = now;
    g_hash_table_iter_init(&i, f->clients);
    while (g_hash_table_iter_next(&i, NULL, &value)) {
        refresh(f, value, now);
        sum += used_by(f, value, now);
    }
    f->used = GS_MAX(f->used, (uint64_t)sum);
    return f->used;
}

static void fdinfo_look_around(struct gs_meter *m, uint64_t now)
{
    struct fdinfo *f = (struct fdinfo *)m;

    if (!f->opened)
        f->opened = now;
    look(f, now);
}

/* ---- life ---- */

static void fdinfo_close(struct gs_meter *m)
{
    struct fdinfo *f = (struct fdinfo *)m;

    gs_meter_processes_destroy(f->processes);
    g_hash_table_unref(f->clients);
    g_free(f->proc);
    g_free(f);
}

/* Drivers without a client of this session: what is known of them counts. amdgpu tells of engines
 * once they were used. */
static bool has_times(const struct fdinfo *f, char *why, size_t why_size)
{
    const char *driver = f->device.driver;

    if (f->tells)
        return true;
    if (strcmp(driver, "panfrost") == 0 || strcmp(driver, "panthor") == 0)
        snprintf(why, why_size, "%s measures where /sys/class/drm/%s/device/profiling is 1", driver,
                 f->device.node);
    else if (!gs_meter_device_tells(&f->device))
        snprintf(why, why_size, "the driver %s tells no GPU time", *driver ? driver : "(unknown)");
    return !*why;
}

static int fdinfo_open(const struct gs_meter_params *p, struct gs_meter **ret, char *why,
                       size_t why_size)
{
    struct gs_meter_device device;
    struct fdinfo *f;

    if (!*p->gpu) {
        snprintf(why, why_size, "software renders");
        return -ENOTSUP;
    }
    if (gs_meter_device_find(p->root, p->gpu, &device) < 0) {
        snprintf(why, why_size, "nothing in /sys/class/drm is %s", p->gpu);
        return -ENOTSUP;
    }
    f = g_new0(struct fdinfo, 1);
    f->device = device;
    f->proc = g_build_filename(p->root, "proc", NULL);
    f->processes = gs_meter_processes_create(p);
    f->clients = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, client_free);
    look(f, 0);
    if (!has_times(f, why, why_size)) {
        fdinfo_close(&f->base);
        return -ENOTSUP;
    }
    g_snprintf(f->base.how, sizeof(f->base.how), "DRM fdinfo of %s", device.driver);
    *ret = &f->base;
    return 0;
}

const struct gs_meter_impl gs_meter_fdinfo = {
    .name = "fdinfo",
    .open = fdinfo_open,
    .read = fdinfo_read,
    .look_around = fdinfo_look_around,
    .close = fdinfo_close,
};
