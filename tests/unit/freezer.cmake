# SPDX-License-Identifier: GPL-2.0-or-later
gs_test(test_freezer LABEL unit SOURCES unit/test_freezer.c support/tree.c LIBS gpushare::common)
