/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/syscall_filter.h"

#include <asm/ioctls.h>
#include <errno.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

/* Parts of the kernel's own administration, and those with a history of holes. */
static const int administration[] = {
    SCMP_SYS(acct),
    SCMP_SYS(add_key),
    SCMP_SYS(bpf),
    SCMP_SYS(clock_adjtime),
    SCMP_SYS(clock_settime),
    SCMP_SYS(delete_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(init_module),
    SCMP_SYS(ioperm),
    SCMP_SYS(iopl),
    SCMP_SYS(kexec_file_load),
    SCMP_SYS(kexec_load),
    SCMP_SYS(keyctl),
    SCMP_SYS(lookup_dcookie),
    SCMP_SYS(nfsservctl),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(quotactl),
    SCMP_SYS(reboot),
    SCMP_SYS(request_key),
    SCMP_SYS(settimeofday),
    SCMP_SYS(stime),
    SCMP_SYS(swapoff),
    SCMP_SYS(swapon),
    SCMP_SYS(syslog),
    SCMP_SYS(uselib),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(vhangup),
    SCMP_SYS(adjtimex),
};

/* Of an application that may do as little as possible. */
static const int confinement[] = {
    SCMP_SYS(fsconfig),
    SCMP_SYS(fsmount),
    SCMP_SYS(fsopen),
    SCMP_SYS(fspick),
    SCMP_SYS(kcmp),
    SCMP_SYS(mount),
    SCMP_SYS(mount_setattr),
    SCMP_SYS(move_mount),
    SCMP_SYS(move_pages),
    SCMP_SYS(open_tree),
    SCMP_SYS(pivot_root),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(ptrace),
    SCMP_SYS(setns),
    SCMP_SYS(umount),
    SCMP_SYS(umount2),
    SCMP_SYS(unshare),
};

static int deny(scmp_filter_ctx ctx, const int *calls, size_t n)
{
    int err = 0;

    for (size_t i = 0; i < n && !err; i++)
        err = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), calls[i], 0);
    return err;
}

/* Characters put into the terminal of whoever started us. The kernel looks at 32 bits of it. */
static int deny_terminal(scmp_filter_ctx ctx)
{
    return seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
                            SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffffu, (scmp_datum_t)TIOCSTI));
}

/* clone3 has its flags in memory, where no filter can see them: libraries then take clone. */
static int deny_namespaces(scmp_filter_ctx ctx)
{
    int err = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
                               SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_NEWUSER, CLONE_NEWUSER));

    return err ? err : seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
}

static int make(scmp_filter_ctx *ret)
{
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
    int err = ctx ? deny(ctx, administration, GS_ARRAY_SIZE(administration)) : -ENOMEM;

    err = err ? err : deny_terminal(ctx);
    if (err && ctx)
        seccomp_release(ctx);
    else
        *ret = ctx;
    return err;
}

int gs_syscall_filter_worker(void)
{
    scmp_filter_ctx ctx;
    int err = make(&ctx);

    if (err)
        return err;
    err = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1);
    err = err ? err : seccomp_load(ctx);
    seccomp_release(ctx);
    return err;
}

int gs_syscall_filter_app(bool strict)
{
    scmp_filter_ctx ctx;
    int err = make(&ctx), fd = -1;

    if (err)
        return err;
    if (strict)
        err = deny(ctx, confinement, GS_ARRAY_SIZE(confinement));
    if (strict && !err)
        err = deny_namespaces(ctx);
    if (!err)
        fd = memfd_create("gpushare-filter", MFD_CLOEXEC);
    if (!err && fd < 0)
        err = -errno;
    if (!err)
        err = seccomp_export_bpf(ctx, fd);
    if (!err && lseek(fd, 0, SEEK_SET) < 0)
        err = -errno;
    seccomp_release(ctx);
    if (err && fd >= 0)
        close(fd);
    return err ? err : fd;
}
