# SPDX-License-Identifier: GPL-2.0-or-later
gs_test(test_meter_text LABEL unit SOURCES unit/test_meter_text.c LIBS gpushare::host)
gs_test(test_doctor_meter LABEL unit SOURCES unit/test_doctor_meter.c support/tree.c
    LIBS gpushare::host)
