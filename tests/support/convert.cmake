# SPDX-License-Identifier: GPL-2.0-or-later
gs_library(test_convert
    SOURCES support/colour_reference.c support/convert_fixture.c support/test_scene.c
    LIBS gs_convert PkgConfig::CMOCKA)
