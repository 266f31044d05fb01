/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/harden.h"

#include <errno.h>
#include <glib.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/log.h"
#include "session/syscall_filter.h"

/* Of this thread and those that it starts. The bounding set can't be reduced without a capability,
 * which an ordinary user does not have; no_new_privs makes it meaningless. Root can make a user
 * namespace in which it is root only with one (user_namespaces(7)), and bwrap makes one. */
static int drop_capabilities(void)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct left[_LINUX_CAPABILITY_U32S_3] = {{0}};

    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++) {
        if (cap != CAP_SETFCAP)
            prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
    }
    if (getuid() == 0)
        left[CAP_TO_INDEX(CAP_SETFCAP)].effective = left[CAP_TO_INDEX(CAP_SETFCAP)].permitted =
            CAP_TO_MASK(CAP_SETFCAP);
    return syscall(SYS_capset, &head, left) < 0 ? -errno : 0;
}

int gs_harden(enum gs_sandbox sandbox, char **ret_reason)
{
    int err;

    if (sandbox == GS_SANDBOX_NONE)
        return 0;
    err = drop_capabilities();
    if (err) {
        *ret_reason = g_strdup_printf("capabilities cannot be given up: %s", g_strerror(-err));
        return err;
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
        *ret_reason = g_strdup_printf("no_new_privs: %s", g_strerror(errno));
        return -errno;
    }
    err = gs_syscall_filter_worker();
    if (err && sandbox == GS_SANDBOX_STRICT) {
        *ret_reason = g_strdup_printf("system calls cannot be filtered here (%s), which the strict "
                                      "sandbox needs; take sandbox=standard",
                                      g_strerror(-err));
        return err;
    }
    if (err)
        gs_warn("system calls are not filtered: %s", g_strerror(-err));
    return 0;
}
