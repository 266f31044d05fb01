# SPDX-License-Identifier: GPL-2.0-or-later
gs_test(test_grant_page LABEL unit SOURCES unit/test_grant_page.c LIBS gpushare::common)
