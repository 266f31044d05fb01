# SPDX-License-Identifier: GPL-2.0-or-later
foreach(part keeper keeper_cgroup keeper_log keeper_user)
    gs_test(test_${part} LABEL integration TIMEOUT 120
        SOURCES integration/test_${part}.c integration/keeper_rig.c
        LIBS gs_test_support gpushare::host)
    add_dependencies(test_${part} gpushare-keeper gpushare-session gs-fake-worker)
endforeach()
