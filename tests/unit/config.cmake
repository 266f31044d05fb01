# SPDX-License-Identifier: GPL-2.0-or-later
gs_test(test_ini LABEL unit SOURCES unit/test_ini.c LIBS gpushare::host)
gs_test(test_config LABEL unit SOURCES unit/test_config.c LIBS gs_test_config_rig)
