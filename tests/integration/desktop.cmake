# SPDX-License-Identifier: GPL-2.0-or-later
gs_test(test_desktop LABEL integration TIMEOUT 180
    SOURCES integration/test_desktop.c integration/source_rig.c
    LIBS gpushare::source PkgConfig::GLIB PkgConfig::PIXMAN PkgConfig::DRM PkgConfig::PNG)
