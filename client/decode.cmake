# SPDX-License-Identifier: GPL-2.0-or-later
# What becomes of access units: pictures, PNG files, recordings.

gs_library(picture SOURCES picture.c LIBS PkgConfig::GLIB)
gs_library(decode
    SOURCES decode.c decode_impls.c decode_libav.c decode_null.c decode_openh264.c
            snapshot.c yuv_rgb.c yuv_rgb_avx2.c
    LIBS gs_common gs_picture PkgConfig::OPENH264 PkgConfig::PNG PkgConfig::GLIB)
set_target_properties(gs_picture PROPERTIES POSITION_INDEPENDENT_CODE ON)

# Without them (GS_LEAN) the client decodes with OpenH264 only, and does not record.
if(NOT GS_LEAN)
    gs_library(drm_layers SOURCES drm_layers.c LIBS PkgConfig::LAVC PkgConfig::DRM)
    gs_library(record SOURCES record.c LIBS gs_common PkgConfig::LAVC PkgConfig::LAVF)
    set_target_properties(gs_drm_layers gs_record PROPERTIES POSITION_INDEPENDENT_CODE ON)
    gs_module(gpushare-client-libav COMPONENT client
        SOURCES decode_software.c decode_vaapi.c libav_codec.c libav_module.c
        LIBS gs_drm_layers gs_picture gs_common PkgConfig::LAVC PkgConfig::VA PkgConfig::GLIB)
    gs_module(gpushare-client-record COMPONENT client SOURCES record_module.c LIBS gs_record)
    add_dependencies(gs_decode gpushare-client-libav)
endif()
