# SPDX-License-Identifier: GPL-2.0-or-later
gs_test(test_door_limits LABEL unit SOURCES unit/test_door_limits.c LIBS gpushare::host)
