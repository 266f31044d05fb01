# SPDX-License-Identifier: GPL-2.0-or-later
gs_test(test_source LABEL contract
    SOURCES contract/test_source.c integration/source_rig.c
    LIBS gpushare::source PkgConfig::GLIB PkgConfig::PIXMAN PkgConfig::DRM PkgConfig::PNG)
