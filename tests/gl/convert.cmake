# SPDX-License-Identifier: GPL-2.0-or-later
foreach(test test_convert test_convert_damage test_convert_layers)
    gs_test(${test}_gl LABEL gl SOURCES gl/${test}.c LIBS gs_test_convert)
    target_compile_definitions(${test}_gl PRIVATE CONVERTER="gl")
    gs_test(${test}_odd_gl LABEL gl SOURCES gl/${test}.c LIBS gs_test_convert)
    target_compile_definitions(${test}_odd_gl PRIVATE CONVERTER="gl" WIDTH=151 HEIGHT=95)
endforeach()
gs_test(test_egl LABEL gl SOURCES gl/test_egl.c LIBS gs_convert)
# Mesa keeps memory to the end; its frames are gone by then, so it cannot be told by name.
set_property(TEST test_convert_gl test_convert_damage_gl test_convert_layers_gl
    test_convert_odd_gl test_convert_damage_odd_gl test_convert_layers_odd_gl test_egl
    APPEND PROPERTY ENVIRONMENT ASAN_OPTIONS=detect_leaks=0)
