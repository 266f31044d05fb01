# SPDX-License-Identifier: GPL-2.0-or-later
gs_test(test_link LABEL unit SOURCES unit/test_link.c LIBS gpushare::common)
