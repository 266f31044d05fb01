# SPDX-License-Identifier: GPL-2.0-or-later
# Every library from outside, as an imported target. scripts/deps installs them.
pkg_check_modules(GLIB REQUIRED IMPORTED_TARGET glib-2.0 gio-2.0 gio-unix-2.0>=2.70)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson>=2.13)
pkg_check_modules(GNUTLS REQUIRED IMPORTED_TARGET gnutls)
pkg_check_modules(SOUP REQUIRED IMPORTED_TARGET libsoup-3.0)
pkg_check_modules(SRTP REQUIRED IMPORTED_TARGET libsrtp2)
pkg_check_modules(WLROOTS REQUIRED IMPORTED_TARGET wlroots>=0.15 wlroots<0.16)
pkg_check_modules(WAYLAND REQUIRED IMPORTED_TARGET wayland-server)
pkg_check_modules(WAYLAND_CLIENT REQUIRED IMPORTED_TARGET wayland-client)
pkg_check_modules(PIXMAN REQUIRED IMPORTED_TARGET pixman-1)
pkg_check_modules(XKBCOMMON REQUIRED IMPORTED_TARGET xkbcommon)
pkg_check_modules(XCB REQUIRED IMPORTED_TARGET xcb xcb-icccm)
pkg_check_modules(EGL REQUIRED IMPORTED_TARGET egl glesv2)
pkg_check_modules(DRM REQUIRED IMPORTED_TARGET libdrm)
pkg_check_modules(LAVC REQUIRED IMPORTED_TARGET libavcodec libavutil)
pkg_check_modules(VA REQUIRED IMPORTED_TARGET libva)
pkg_check_modules(FFNVCODEC REQUIRED IMPORTED_TARGET ffnvcodec) # headers; drivers are loaded
pkg_check_modules(OPENH264 REQUIRED IMPORTED_TARGET openh264>=2.3)
if(NOT GS_LEAN)
    pkg_check_modules(LAVF REQUIRED IMPORTED_TARGET libavformat)
endif()
pkg_check_modules(SDL2 REQUIRED IMPORTED_TARGET sdl2)
pkg_check_modules(PNG REQUIRED IMPORTED_TARGET libpng)
# 164 is Debian 12's; what a picture refers to is counted as this one does.
pkg_check_modules(X264 REQUIRED IMPORTED_TARGET x264>=0.164)
pkg_check_modules(CMOCKA IMPORTED_TARGET cmocka)
pkg_check_modules(XCB_TEST IMPORTED_TARGET xcb xcb-shm xcb-xtest)

# libyuv ships no .pc file in Debian 12.
find_path(YUV_INCLUDE_DIR libyuv.h REQUIRED)
find_library(YUV_LIBRARY yuv REQUIRED)
add_library(gs_yuv INTERFACE)
target_include_directories(gs_yuv SYSTEM INTERFACE ${YUV_INCLUDE_DIR})
target_link_libraries(gs_yuv INTERFACE ${YUV_LIBRARY})

find_program(GLSLANG_VALIDATOR glslangValidator REQUIRED)
find_program(WAYLAND_SCANNER wayland-scanner REQUIRED)
pkg_get_variable(WAYLAND_PROTOCOLS_DIR wayland-protocols pkgdatadir)
