/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the system grants: processors, memory, files, folders, kernel features. */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/check.h"
#include "host/cgroup.h"
#include "host/doctor.h"
#include "host/runtime_dir.h"

#define MB (1024 * 1024)
#define MEMORY_ENOUGH (512ull * MB) /* a worker, Xwayland and a small application */
#define DISK_ENOUGH (64ull * MB)
#define FILES_ENOUGH 512
#define TRY_MS 10000

static void check_processors(void)
{
    double quota = gs_cgroup_cpus("/");
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
    bool few = quota > 0 ? quota < 1.5 : n < 2;
    struct gs_check check;

    gs_check_set(&check, "system.processors", "processors", few ? GS_CHECK_WARN : GS_CHECK_OK, "%d",
                 n);
    if (quota > 0)
        gs_check_set(&check, "system.processors", "processors", check.status,
                     "%d, of which the cgroup grants %.1f", n, quota);
    if (few)
        gs_check_set_remedy(&check, "application, encoder and desktop share %s: give two or more",
                            quota > 0 ? "that" : "one");
    gs_check_say(&check);
}

/* Bytes; 0: unknown. */
static uint64_t available_memory(void)
{
    g_autofree char *text = NULL;
    const char *at;

    if (!g_file_get_contents("/proc/meminfo", &text, NULL, NULL))
        return 0;
    at = strstr(text, "MemAvailable:");
    return at ? g_ascii_strtoull(at + strlen("MemAvailable:"), NULL, 10) * 1024 : 0;
}

static void check_memory(void)
{
    uint64_t limit = gs_cgroup_memory_left("/"), free_bytes = available_memory();
    bool limited = limit && limit < free_bytes;
    uint64_t left = limited ? limit : free_bytes;
    struct gs_check check;

    gs_check_set(&check, "system.memory", "memory",
                 left && left < MEMORY_ENOUGH ? GS_CHECK_WARN : GS_CHECK_OK,
                 "%" G_GUINT64_FORMAT " MB are free%s", left / MB,
                 limited ? " within the cgroup's limit" : "");
    if (check.status == GS_CHECK_WARN)
        gs_check_set_remedy(&check, "a session with a small application takes some %llu MB",
                            MEMORY_ENOUGH / MB);
    gs_check_say(&check);
}

static void check_files(void)
{
    struct gs_check check;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    gs_check_set(&check, "system.files", "open files",
                 limit.rlim_cur < FILES_ENOUGH ? GS_CHECK_WARN : GS_CHECK_OK, "%llu a process",
                 (unsigned long long)limit.rlim_cur);
    if (check.status == GS_CHECK_WARN)
        gs_check_set_remedy(&check, "ulimit -n 1024, or LimitNOFILE= in a systemd unit");
    gs_check_say(&check);
}

/* A limit of NICE is 20 − the lowest nice value. */
static void check_priority(void)
{
    struct rlimit nice_limit = {0}, realtime = {0};
    struct gs_check check;

    getrlimit(RLIMIT_NICE, &nice_limit);
    getrlimit(RLIMIT_RTPRIO, &realtime);
    if (geteuid() == 0)
        gs_check_set(&check, "system.priority", "priority", GS_CHECK_INFO, "any, as root");
    else
        gs_check_set(&check, "system.priority", "priority", GS_CHECK_INFO,
                     "nice %d at best, %s real time",
                     20 - (int)GS_MIN(GS_MAX(nice_limit.rlim_cur, 1), 40),
                     realtime.rlim_cur > 0 ? "and" : "no");
    gs_check_say(&check);
}

/* ---- folders ---- */

static bool binds_socket(const char *dir)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok;

    g_snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", dir);
    ok = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
    if (fd >= 0)
        close(fd);
    return ok;
}

/* As `run` makes it; what fails is in the log. */
static bool try_runtime_dir(void *user)
{
    const char *xdg = g_getenv("XDG_RUNTIME_DIR");
    struct gs_runtime_dir *dir;
    struct gs_check check;
    int err = gs_runtime_dir_create(xdg, "/tmp", "doctor", &dir);

    (void)user;
    if (err) {
        g_autofree char *why = gs_check_last_words();

        gs_check_set(&check, "system.runtime_dir", "runtime folder", GS_CHECK_FAIL, "%s", why);
        gs_check_set_remedy(&check,
                            "make it usable, or name another one, with mode 0700 and of this user: "
                            "XDG_RUNTIME_DIR=/run/user/%u",
                            (unsigned)geteuid());
        gs_check_say(&check);
        return false;
    }
    if (!binds_socket(gs_runtime_dir_path(dir))) {
        gs_check_set(&check, "system.runtime_dir", "runtime folder", GS_CHECK_FAIL,
                     "no socket can be made in %s: %s", gs_runtime_dir_path(dir),
                     g_strerror(errno));
        gs_check_set_remedy(&check, "name one on a local file system: XDG_RUNTIME_DIR=…");
    } else {
        g_autofree char *base = g_path_get_dirname(gs_runtime_dir_path(dir));

        bool there = xdg && g_str_has_prefix(base, xdg);

        gs_check_set(&check, "system.runtime_dir", "runtime folder",
                     xdg && !there ? GS_CHECK_WARN : GS_CHECK_OK, "%s%s%s%s", base,
                     there ? ""
                     : xdg ? ", since XDG_RUNTIME_DIR="
                           : ", since XDG_RUNTIME_DIR is ",
                     there ? ""
                     : xdg ? xdg
                           : "not set",
                     xdg && !there ? " is no folder of this user" : "");
        if (xdg && !there)
            gs_check_set_remedy(&check, "make it, with mode 0700 and of this user, or unset it");
    }
    gs_runtime_dir_destroy(dir);
    gs_check_say(&check);
    return true;
}

static void check_runtime_dir(void)
{
    const struct gs_check_trial trial = {.id = "system.runtime_dir",
                                         .title = "runtime folder",
                                         .if_dead = GS_CHECK_FAIL,
                                         .if_dead_remedy = "is it on a network that is gone?",
                                         .run = try_runtime_dir,
                                         .timeout_ms = TRY_MS};

    /* Whether it works is in what it says. */
    (void)gs_check_try(&trial);
}

/* Keymaps and pictures go through shared memory. */
static void check_shm(void)
{
    g_autofree char *name = g_strdup_printf("/gpushare-doctor-%d", (int)getpid());
    int fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
    bool ok = fd >= 0 && posix_fallocate(fd, 0, MB) == 0;
    struct gs_check check;

    if (fd >= 0) {
        shm_unlink(name);
        close(fd);
    }
    gs_check_set(&check, "system.shm", "shared memory", ok ? GS_CHECK_OK : GS_CHECK_FAIL, "%s",
                 ok ? "/dev/shm can be written" : "/dev/shm cannot be written");
    if (!ok)
        gs_check_set_remedy(&check, "mount -t tmpfs tmpfs /dev/shm; in a container: --shm-size=1g");
    gs_check_say(&check);
}

static void check_disk(void)
{
    struct gs_check check;
    struct statvfs fs;
    uint64_t left;

    if (statvfs("/tmp", &fs) < 0)
        return;
    left = (uint64_t)fs.f_bavail * fs.f_frsize;
    gs_check_set(&check, "system.disk", "disk", left < DISK_ENOUGH ? GS_CHECK_WARN : GS_CHECK_OK,
                 "%" G_GUINT64_FORMAT " MB are free in /tmp", left / MB);
    if (left < DISK_ENOUGH)
        gs_check_set_remedy(&check, "make room: applications put files there");
    gs_check_say(&check);
}

/* ---- the kernel ---- */

static bool has_user_namespaces(void)
{
    pid_t pid = fork();
    int status = 1;

    if (pid == 0)
        _exit(unshare(CLONE_NEWUSER) < 0);
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static void check_kernel(void)
{
    int memfd = memfd_create("doctor", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    int pidfd = pidfd_open(getpid(), 0);
    struct utsname name = {0};
    struct gs_check check;

    uname(&name);
    gs_check_set(&check, "system.kernel", "kernel",
                 memfd < 0 || pidfd < 0 ? GS_CHECK_FAIL : GS_CHECK_OK,
                 "%s %s%s%s; user namespaces: %s", name.sysname, name.release,
                 memfd < 0 ? ", without memfd" : "", pidfd < 0 ? ", without pidfd" : "",
                 has_user_namespaces() ? "yes" : "no");
    if (check.status == GS_CHECK_FAIL)
        gs_check_set_remedy(&check, "take Linux 5.3 or later, and a container that allows them");
    gs_check_say(&check);
    if (memfd >= 0)
        close(memfd);
    if (pidfd >= 0)
        close(pidfd);
}

static void check_clock(void)
{
    g_autofree char *source = NULL;
    struct gs_check check;
    bool slow;

    if (!g_file_get_contents("/sys/devices/system/clocksource/clocksource0/current_clocksource",
                             &source, NULL, NULL))
        return;
    g_strchomp(source);
    slow = strcmp(source, "hpet") == 0 || strcmp(source, "acpi_pm") == 0;
    gs_check_set(&check, "system.clock", "clock", slow ? GS_CHECK_WARN : GS_CHECK_OK, "%s%s",
                 source, slow ? ": slow to read, and it is read often" : "");
    if (slow)
        gs_check_set_remedy(&check, "see in the kernel's log why tsc was given up (dmesg | grep "
                                    "tsc)");
    gs_check_say(&check);
}

/* What session/desktop/sandbox.h needs: a user namespace, above all. */
static void check_sandbox(void)
{
    static const char *const argv[] = {
        "bwrap", "--unshare-user", "--unshare-pid", "--die-with-parent", "--bind", "/", "/", "true",
        NULL};
    g_autoptr(GError) error = NULL;
    g_autofree char *said = NULL;
    struct gs_check check;
    int status;

    if (!g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL,
                      NULL, NULL, NULL, &said, &status, &error)) {
        gs_check_set(&check, "system.sandbox", "sandbox", GS_CHECK_WARN,
                     "bwrap cannot be run: only sessions with sandbox=none start");
        gs_check_set_remedy(&check, "apt install bubblewrap");
    } else if (status != 0) {
        gs_check_set(&check, "system.sandbox", "sandbox", GS_CHECK_WARN,
                     "only sessions with sandbox=none start: %s",
                     *said ? g_strdelimit(g_strchomp(said), "\n", ' ') : "bwrap failed");
        gs_check_set_remedy(&check, "let users make namespaces (sysctl user.max_user_namespaces, "
                                    "kernel.unprivileged_userns_clone=1), or take sandbox=none");
    } else {
        gs_check_set(&check, "system.sandbox", "sandbox", GS_CHECK_OK, "bwrap works");
    }
    gs_check_say(&check);
}

/* What the scheduler divides by. */
static void check_meter(void)
{
    struct gs_check check;

    gs_doctor_meter("/", &check);
    gs_check_say(&check);
}

void gs_doctor_system(void)
{
    check_kernel();
    check_processors();
    check_memory();
    check_files();
    check_priority();
    check_runtime_dir();
    check_shm();
    check_disk();
    check_clock();
    check_sandbox();
    check_meter();
}
