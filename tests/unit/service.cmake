# SPDX-License-Identifier: GPL-2.0-or-later
gs_test(test_service LABEL unit SOURCES unit/test_service.c
    LIBS gpushare::host gs_test_support PkgConfig::GLIB)
