/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/meter.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <unistd.h>

#include "host/meter_internal.h"

const struct gs_meter_impl *const gs_meter_impls[] = {&gs_meter_fdinfo, &gs_meter_nvml,
                                                      &gs_meter_cpu, NULL};

int gs_meter_read_fd(int fd, char *text, size_t size)
{
    ssize_t n = pread(fd, text, size - 1, 0);

    text[GS_MAX(n, 0)] = '\0';
    return n < 0 ? -errno : (int)n;
}

int gs_meter_read_file(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC), n;

    text[0] = '\0';
    if (fd < 0)
        return -errno;
    n = gs_meter_read_fd(fd, text, size);
    close(fd);
    return n;
}

static void free_params(struct gs_meter_params *p)
{
    g_free((char *)p->root);
    g_free((char *)p->gpu);
    g_free((char *)p->cgroups);
}

static void say_refusal(GString *all, const struct gs_meter_impl *impl, const char *why, int err)
{
    g_string_append_printf(all, "%s%s: %s", all->len ? "; " : "", impl->name,
                           *why ? why : g_strerror(-err));
}

int gs_meter_create(const struct gs_meter_params *p, struct gs_meter **ret, char **ret_why)
{
    struct gs_meter_params copy = *p;
    GString *refusals = g_string_new(NULL);

    copy.root = g_strdup(p->root);
    copy.gpu = g_strdup(p->gpu);
    copy.cgroups = g_strdup(p->cgroups);
    for (unsigned i = 0; gs_meter_impls[i]; i++) {
        char why[256] = "";
        int err = gs_meter_impls[i]->open(&copy, ret, why, sizeof(why));

        if (err == 0) {
            (*ret)->impl = gs_meter_impls[i];
            (*ret)->params = copy;
            g_string_free(refusals, TRUE);
            *ret_why = NULL;
            return 0;
        }
        say_refusal(refusals, gs_meter_impls[i], why, err);
    }
    free_params(&copy);
    *ret_why = g_string_free(refusals, FALSE);
    return -ENOTSUP;
}

uint64_t gs_meter_read(struct gs_meter *m, uint64_t now)
{
    return m->impl->read(m, now);
}

void gs_meter_look_around(struct gs_meter *m, uint64_t now)
{
    if (m->impl->look_around)
        m->impl->look_around(m, now);
}

void gs_meter_set_claims(struct gs_meter *m, const struct gs_grant_up *claims)
{
    m->params.claims = claims;
    m->page++;
}

void gs_meter_destroy(struct gs_meter *m)
{
    struct gs_meter_params params;

    if (!m)
        return;
    params = m->params;
    m->impl->close(m);
    free_params(&params);
}
