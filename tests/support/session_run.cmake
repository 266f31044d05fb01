# SPDX-License-Identifier: GPL-2.0-or-later
# What the integration tests share: processes, sessions and pictures.
add_library(gs_test_support STATIC support/process.c support/picture.c support/session_run.c)
target_link_libraries(gs_test_support PUBLIC gs_flags gs_test_paint PkgConfig::GLIB
    PkgConfig::JANSSON PkgConfig::PNG)
