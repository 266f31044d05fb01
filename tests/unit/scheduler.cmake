# SPDX-License-Identifier: GPL-2.0-or-later
foreach(test scheduler scheduler_property)
    gs_test(test_${test} LABEL unit
        SOURCES unit/test_${test}.c support/sched_model.c LIBS gpushare::host m)
endforeach()
gs_test(test_scheduler_hostile LABEL unit
    SOURCES unit/test_scheduler_hostile.c LIBS gpushare::host m)
gs_test(test_scheduler_weigh LABEL unit
    SOURCES unit/test_scheduler_weigh.c LIBS gpushare::host m)
