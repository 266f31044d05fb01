/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/cgroup_session.h"
#include "host/doctor.h"
#include "host/meter.h"

struct finding {
    GString *said;
    unsigned unmeasured, trusting;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "renderD128" … of all GPUs, in order. */
static GPtrArray *find_nodes(const char *root)
{
    g_autofree char *path = g_build_filename(root, "sys/class/drm", NULL);
    GPtrArray *nodes = g_ptr_array_new_with_free_func(g_free);
    GDir *dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        if (g_str_has_prefix(name, "renderD"))
            g_ptr_array_add(nodes, g_strdup(name));
    }
    if (dir)
        g_dir_close(dir);
    g_ptr_array_sort(nodes, by_name);
    return nodes;
}

/* A process that has the node open, as a session has: the driver then tells of it. 0: none. */
static pid_t open_elsewhere(const char *root, const char *gpu)
{
    g_autofree char *path = g_build_filename(root, gpu, NULL);
    int fd = *gpu ? open(path, O_RDWR | O_CLOEXEC) : -1;
    pid_t pid;

    if (fd < 0)
        return 0;
    pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        for (;;)
            pause();
    }
    close(fd);
    return pid > 0 ? pid : 0;
}

/* The groups that sessions' ones are in. */
static char *groups_above(const char *root)
{
    g_autofree char *paths = gs_cgroup_session_paths(root, "x");
    g_auto(GStrv) parts = g_strsplit(paths, ":", -1);

    for (char **part = parts; *part; part++) {
        char *up = g_path_get_dirname(*part);

        g_free(*part);
        *part = up;
    }
    return g_strjoinv(":", parts);
}

static void examine(const char *root, const char *gpu, const char *name, struct finding *f)
{
    g_autofree char *cgroups = groups_above(root);
    g_autofree char *why = NULL;
    pid_t pid = open_elsewhere(root, gpu);
    struct gs_meter_params params = {root, gpu, getpid(), cgroups, NULL};
    struct gs_meter *m = NULL;

    if (f->said->len)
        g_string_append(f->said, "; ");
    if (gs_meter_create(&params, &m, &why) == 0) {
        g_string_append_printf(f->said, "%s: %s (%s)", name, m->impl->name, m->how);
        f->trusting += m->trusting;
    } else {
        g_string_append_printf(f->said, "%s: nothing (%s)", name, why);
        f->unmeasured++;
    }
    gs_meter_destroy(m);
    if (pid) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
}

void gs_doctor_meter(const char *root, struct gs_check *ret)
{
    g_autoptr(GPtrArray) nodes = find_nodes(root);
    struct finding f = {.said = g_string_new(NULL)};

    for (unsigned i = 0; i < nodes->len; i++) {
        g_autofree char *gpu = g_strconcat("/dev/dri/", nodes->pdata[i], NULL);

        examine(root, gpu, nodes->pdata[i], &f);
    }
    examine(root, "", "software", &f);
    gs_check_set(ret, "scheduler.meter", "measured use",
                 f.unmeasured || f.trusting ? GS_CHECK_WARN : GS_CHECK_OK, "%s", f.said->str);
    if (f.unmeasured)
        gs_check_set_remedy(ret, "sessions there get no fair share: nobody knows what they use. "
                                 "Take a newer kernel, or another driver");
    else if (f.trusting)
        gs_check_set_remedy(ret, "apt install libnvidia-ml1, of the driver's version: sessions "
                                 "could use more than they say");
    g_string_free(f.said, TRUE);
}
