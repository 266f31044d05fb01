# SPDX-License-Identifier: GPL-2.0-or-later
gs_library(test_daemon
    SOURCES support/daemon_rig.c LIBS gpushare::host gs_test_control PkgConfig::CMOCKA)
foreach(part sessions sessions_access sessions_faults)
    gs_test(test_${part} LABEL integration TIMEOUT 120
        SOURCES integration/test_${part}.c LIBS gs_test_daemon)
    add_dependencies(test_${part} gpushare-keeper gs-fake-worker)
endforeach()
gs_test(test_serve LABEL integration TIMEOUT 120
    SOURCES integration/test_serve.c LIBS gs_test_control PkgConfig::JANSSON)
add_dependencies(test_serve gpushare-host gpushare-host-http gpushare-keeper gs-fake-worker)
