# SPDX-License-Identifier: GPL-2.0-or-later
gs_test(test_service_manager LABEL integration TIMEOUT 120
    SOURCES integration/test_service_manager.c LIBS gs_test_support PkgConfig::GLIB)
add_dependencies(test_service_manager gpushare-host gpushare-host-http gpushare-keeper gs-fake-worker)
