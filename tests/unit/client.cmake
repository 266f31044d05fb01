# SPDX-License-Identifier: GPL-2.0-or-later
foreach(part clock_sync damage input keymap letterbox overlay player script stats video_size)
    gs_test(test_client_${part} LABEL unit
        SOURCES unit/test_client_${part}.c LIBS gpushare::client_parts)
endforeach()
gs_test(test_client_scancode LABEL unit
    SOURCES unit/test_client_scancode.c LIBS gpushare::window_parts)
gs_test(test_decode_ladder LABEL unit SOURCES unit/test_decode_ladder.c LIBS gs_decode)
if(NOT GS_LEAN)
    gs_test(test_drm_layers LABEL unit
        SOURCES unit/test_drm_layers.c LIBS gs_drm_layers gs_yuv_gl)
endif()
gs_test(test_client_yuv_rgb LABEL unit SOURCES unit/test_client_yuv_rgb.c LIBS gs_decode m)
