# SPDX-License-Identifier: GPL-2.0-or-later
# Which GPU a session draws with, on an EGL and a libdrm of the test's own.
gs_test(test_egl_devices LABEL unit SOURCES unit/test_egl_devices.c LIBS gs_convert PkgConfig::DRM
    PkgConfig::EGL PkgConfig::GLIB)
