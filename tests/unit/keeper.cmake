# SPDX-License-Identifier: GPL-2.0-or-later
gs_test(test_keeper_json LABEL unit SOURCES unit/test_keeper_json.c LIBS gpushare::host)
