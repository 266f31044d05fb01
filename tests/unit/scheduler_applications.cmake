# SPDX-License-Identifier: GPL-2.0-or-later
gs_test(test_scheduler_applications LABEL unit
    SOURCES unit/test_scheduler_applications.c support/sched_model.c LIBS gpushare::host m)
