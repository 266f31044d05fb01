# SPDX-License-Identifier: GPL-2.0-or-later
gs_test(test_config_shares LABEL unit SOURCES unit/test_config_shares.c LIBS gs_test_config_rig)
gs_test(test_promise LABEL unit SOURCES unit/test_promise.c LIBS gpushare::host)
gs_test(test_show_shares LABEL unit SOURCES unit/test_show_shares.c LIBS gpushare::host)
