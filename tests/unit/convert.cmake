# SPDX-License-Identifier: GPL-2.0-or-later
foreach(test test_convert test_convert_damage test_convert_layers)
    gs_test(${test}_cpu LABEL unit SOURCES gl/${test}.c LIBS gs_test_convert)
    target_compile_definitions(${test}_cpu PRIVATE CONVERTER="cpu")
    gs_test(${test}_odd_cpu LABEL unit SOURCES gl/${test}.c LIBS gs_test_convert)
    target_compile_definitions(${test}_odd_cpu PRIVATE CONVERTER="cpu" WIDTH=151 HEIGHT=95)
endforeach()
