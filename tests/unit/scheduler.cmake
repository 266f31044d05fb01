# SPDX-License-Identifier: GPL-2.0-or-later
gs_test(test_scheduler LABEL unit
    SOURCES unit/test_scheduler.c support/sched_model.c LIBS gpushare::host m)
