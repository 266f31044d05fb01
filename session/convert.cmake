# SPDX-License-Identifier: GPL-2.0-or-later
gs_library(convert
    SOURCES colour.c convert.c convert_cpu.c convert_gl.c convert_gl_surface.c
        convert_gl_textures.c convert_gl_timer.c dmabuf.c egl.c gl.c view.c
    LIBS gs_common gs_egl_words gs_encoder gs_shaders PkgConfig::GLIB PkgConfig::PIXMAN PkgConfig::EGL PkgConfig::DRM m)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    target_sources(gs_convert PRIVATE colour_avx2.c)
    target_compile_definitions(gs_convert PRIVATE GS_COLOUR_AVX2)
    set_source_files_properties(colour_avx2.c PROPERTIES COMPILE_OPTIONS -mavx2)
endif()
