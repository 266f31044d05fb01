# SPDX-License-Identifier: GPL-2.0-or-later
gs_test(test_metrics LABEL unit SOURCES unit/test_metrics.c LIBS gpushare::host)
