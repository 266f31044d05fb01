# SPDX-License-Identifier: GPL-2.0-or-later
gs_library(test_config_rig
    SOURCES support/config_rig.c support/tree.c LIBS gpushare::host PkgConfig::CMOCKA)
