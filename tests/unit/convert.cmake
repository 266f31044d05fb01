# SPDX-License-Identifier: GPL-2.0-or-later
foreach(test test_convert test_convert_damage test_convert_layers)
    gs_test(${test}_cpu LABEL unit SOURCES gl/${test}.c LIBS gs_test_convert)
    target_compile_definitions(${test}_cpu PRIVATE CONVERTER="cpu")
endforeach()
