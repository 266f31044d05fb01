# SPDX-License-Identifier: GPL-2.0-or-later
gs_library(test_worker
    SOURCES support/worker_rig.c support/worker_host.c support/likeness.c support/child.c
    LIBS gs_decode gs_receive gs_common gs_test_support PkgConfig::LAVC m)
