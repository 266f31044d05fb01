# SPDX-License-Identifier: GPL-2.0-or-later
gs_test(test_effort_run LABEL integration SOURCES integration/test_effort_run.c
    LIBS gs_test_support TIMEOUT 200)
foreach(program gs-test-app gpushare-host gpushare-session gpushare-client)
    if(TARGET ${program})
        add_dependencies(test_effort_run ${program})
    endif()
endforeach()
