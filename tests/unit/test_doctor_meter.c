/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the doctor says of the meters, on made-up machines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>
#include <string.h>

#include "host/doctor.h"
#include "tests/support/tree.h"

static char *root;

static int setup(void **state)
{
    (void)state;
    root = tree_create();
    tree_put(root, "proc/self/cgroup", "0::/\n");
    tree_put(root, "sys/fs/cgroup/cgroup.procs", "");
    tree_put(root, "sys/fs/cgroup/cgroup.controllers", "cpu\n");
    tree_put(root, "sys/fs/cgroup/cpu.stat", "usage_usec 5\n");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tree_remove(root);
    return 0;
}

static void gpu(const char *node, const char *uevent)
{
    g_autofree char *path = g_strdup_printf("sys/class/drm/%s/device/uevent", node);

    tree_put(root, path, uevent);
}

static void assert_said(enum gs_check_status status, const char *detail, const char *remedy)
{
    struct gs_check check;

    gs_doctor_meter(root, &check);
    assert_string_equal(check.id, "scheduler.meter");
    if (check.status != status || !strstr(check.detail, detail) || !strstr(check.remedy, remedy))
        fail_msg("%s: '%s', '%s'", gs_check_status_name(check.status), check.detail, check.remedy);
    assert_int_equal(!check.remedy[0], status == GS_CHECK_OK);
}

static void test_software(void **state)
{
    (void)state;
    assert_said(GS_CHECK_OK, "software: cpu (processor time of its control group)", "");
    tree_take(root, "sys/fs/cgroup");
    assert_said(GS_CHECK_WARN, "software: nothing (", "");
}

static void test_gpus(void **state)
{
    (void)state;
    gpu("renderD129", "DRIVER=amdgpu\nPCI_SLOT_NAME=0000:03:00.0\n");
    gpu("renderD128", "DRIVER=i915\nPCI_SLOT_NAME=0000:00:02.0\n");
    gpu("card0", "DRIVER=nouveau\nPCI_SLOT_NAME=0000:09:00.0\n");
    assert_said(GS_CHECK_OK,
                "renderD128: fdinfo (DRM fdinfo of i915); renderD129: fdinfo (DRM fdinfo of "
                "amdgpu); software: cpu",
                "");
}

/* Without libnvidia-ml.so.1, or a device that it knows. */
static void test_nvidia(void **state)
{
    (void)state;
    gpu("renderD128", "DRIVER=nvidia\nPCI_SLOT_NAME=0000:fe:1f.7\n");
    assert_said(GS_CHECK_WARN,
                "renderD128: nvml (the worker's claims, unchecked: ", "libnvidia-ml1");
}

static void test_nothing(void **state)
{
    (void)state;
    gpu("renderD128", "DRIVER=nouveau\nPCI_SLOT_NAME=0000:01:00.0\n");
    assert_said(GS_CHECK_WARN,
                "renderD128: nothing (fdinfo: the driver nouveau tells no GPU time; nvml: ",
                "no fair share");
    gpu("renderD128", "DRIVER=panfrost\n");
    assert_said(GS_CHECK_WARN, "/sys/class/drm/renderD128/device/profiling is 1", "no fair share");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_software, setup, teardown),
        cmocka_unit_test_setup_teardown(test_gpus, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nvidia, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nothing, setup, teardown),
    };

    return cmocka_run_group_tests_name("doctor meter", tests, NULL, NULL);
}
