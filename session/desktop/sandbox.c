/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/desktop/sandbox.h"

#include <string.h>
#include <unistd.h>

#include "common/macros.h"

const char *const gs_sandbox_unset[] = {
    "DBUS_SESSION_BUS_ADDRESS",
    "SSH_AUTH_SOCK",
    "PULSE_SERVER",
    "PIPEWIRE_REMOTE",
    "TMPDIR",
    "SESSION_MANAGER",
    NULL,
};

/* What names are resolved with, and drivers of systems that keep them there. Sockets that lead to
 * services of the machine or to other sessions are in /run as well, and stay out. */
static const char *const run_parts[] = {"/run/systemd/resolve", "/run/resolvconf",
                                        "/run/NetworkManager", "/run/opengl-driver"};

static void add(GPtrArray *a, const char *word)
{
    g_ptr_array_add(a, g_strdup(word));
}

static void add2(GPtrArray *a, const char *option, const char *path)
{
    add(a, option);
    add(a, path);
}

static void add_same(GPtrArray *a, const char *option, const char *path)
{
    add2(a, option, path);
    add(a, path);
}

static bool is_below(const char *path, const char *folder)
{
    size_t n = strlen(folder);

    return strncmp(path, folder, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

/* ---- parts of both kinds ---- */

static void add_namespaces(GPtrArray *a, bool strict)
{
    static const char *const both[] = {"bwrap",         "--die-with-parent", "--unshare-user",
                                       "--unshare-pid", "--unshare-ipc",     "--unshare-cgroup-try",
                                       "--as-pid-1",    "--cap-drop",        "ALL"};

    for (size_t i = 0; i < GS_ARRAY_SIZE(both); i++)
        add(a, both[i]);
    if (strict) {
        add(a, "--unshare-net");
        add(a, "--unshare-uts");
    }
}

static void add_devices(GPtrArray *a, const char *render_node)
{
    static const char *const nvidia[] = {"/dev/nvidiactl", "/dev/nvidia-uvm",
                                         "/dev/nvidia-uvm-tools", "/dev/nvidia-modeset"};

    add2(a, "--dev", "/dev");
    if (!*render_node)
        return;
    add_same(a, "--dev-bind-try", render_node);
    /* Its driver has nodes of its own beside the render node; which belongs to which is not said
     * anywhere but by their numbers. */
    if (access("/dev/nvidiactl", F_OK) == 0 && g_str_has_prefix(render_node, "/dev/dri/renderD")) {
        int n = atoi(render_node + strlen("/dev/dri/renderD")) - 128;
        g_autofree char *node = g_strdup_printf("/dev/nvidia%d", n);

        add_same(a, "--dev-bind-try", node);
        for (size_t i = 0; i < GS_ARRAY_SIZE(nvidia); i++)
            add_same(a, "--dev-bind-try", nvidia[i]);
    }
}

/* After everything that is laid over what is there. */
static void add_own_sockets(GPtrArray *a, const struct gs_sandbox_params *p)
{
    add_same(a, "--bind", p->runtime_dir);
    if (p->x11_socket)
        add_same(a, "--ro-bind-try", p->x11_socket);
}

static void add_private(GPtrArray *a)
{
    add2(a, "--proc", "/proc");
    add2(a, "--tmpfs", "/tmp");
    add2(a, "--tmpfs", "/var/tmp");
    add2(a, "--tmpfs", "/run");
    for (size_t i = 0; i < GS_ARRAY_SIZE(run_parts); i++)
        add_same(a, "--ro-bind-try", run_parts[i]);
}

static void add_file(GPtrArray *a, const char *path)
{
    add_same(a, "--ro-bind-try", path);
}

/* ---- standard ---- */

static void hide(GPtrArray *a, const char *folder)
{
    if (*folder == '/' && g_file_test(folder, G_FILE_TEST_IS_DIR))
        add2(a, "--tmpfs", folder);
}

static void add_standard(GPtrArray *a, const struct gs_sandbox_params *p)
{
    g_auto(GStrv) folders = g_strsplit(p->hide ? p->hide : "", ":", -1);

    add_same(a, "--bind", "/");
    add_devices(a, p->render_node);
    add_private(a);
    if (p->user_runtime_dir)
        hide(a, p->user_runtime_dir);
    for (char **folder = folders; *folder; folder++)
        hide(a, *folder);
}

static bool hidden_by_standard(const struct gs_sandbox_params *p, const char *path)
{
    (void)p;
    return is_below(path, "/tmp") || is_below(path, "/var/tmp") || is_below(path, "/run");
}

/* ---- strict ---- */

/* Folders of the system that are links to /usr on some machines and not on others. */
static void add_system(GPtrArray *a)
{
    static const char *const usr[] = {"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"};
    static const char *const shown[] = {
        "/usr", "/etc", "/opt", "/sys", "/var/cache/fontconfig", "/var/lib/dbus"};

    for (size_t i = 0; i < GS_ARRAY_SIZE(shown); i++)
        add_same(a, "--ro-bind-try", shown[i]);
    for (size_t i = 0; i < GS_ARRAY_SIZE(usr); i++) {
        g_autofree char *target = g_file_read_link(usr[i], NULL);

        if (!target)
            add_same(a, "--ro-bind-try", usr[i]);
        else
            add2(a, "--symlink", target), add(a, usr[i]);
    }
}

static void add_strict(GPtrArray *a, const struct gs_sandbox_params *p)
{
    add_system(a);
    add_devices(a, p->render_node);
    add_private(a);
    if (p->home && *p->home == '/' && strcmp(p->home, "/") != 0) {
        add2(a, "--tmpfs", p->home);
        add2(a, "--chdir", p->home);
    } else {
        add2(a, "--chdir", "/tmp");
    }
}

static bool hidden_by_strict(const char *path)
{
    return !is_below(path, "/usr") && !is_below(path, "/opt") && !is_below(path, "/bin");
}

/* ---- the whole ---- */

/* The program itself is always shown, wherever it is. */
static void add_program(GPtrArray *a, const struct gs_sandbox_params *p, const char *path)
{
    if (*path != '/')
        return;
    if (p->kind == GS_SANDBOX_STRICT ? hidden_by_strict(path) : hidden_by_standard(p, path))
        add_file(a, path);
}

char **gs_sandbox_command(const struct gs_sandbox_params *p)
{
    GPtrArray *a = g_ptr_array_new();
    g_autofree char *status = g_strdup_printf("%d", GS_SANDBOX_STATUS_FD);
    g_autofree char *filter = g_strdup_printf("%d", GS_SANDBOX_FILTER_FD);
    g_autofree char *program = g_find_program_in_path(p->argv[0]);

    add_namespaces(a, p->kind == GS_SANDBOX_STRICT);
    if (p->kind == GS_SANDBOX_STRICT)
        add_strict(a, p);
    else
        add_standard(a, p);
    add_program(a, p, p->init);
    if (program)
        add_program(a, p, program);
    add_own_sockets(a, p);
    add2(a, "--seccomp", filter);
    add(a, "--");
    add2(a, p->init, status);
    for (char *const *arg = p->argv; *arg; arg++)
        add(a, *arg);
    g_ptr_array_add(a, NULL);
    return (char **)g_ptr_array_free(a, FALSE);
}
