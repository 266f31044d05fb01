# SPDX-License-Identifier: GPL-2.0-or-later
foreach(part door run)
    gs_test(test_host_${part} LABEL integration TIMEOUT 120
        SOURCES integration/test_host_${part}.c integration/host_process.c
        LIBS gs_test_control PkgConfig::GNUTLS)
    add_dependencies(test_host_${part} gpushare-host gs-fake-worker)
endforeach()
