# SPDX-License-Identifier: GPL-2.0-or-later
function(gs_packaging_test name timeout)
    add_test(NAME packaging_${name} COMMAND ${ARGN})
    set_tests_properties(packaging_${name} PROPERTIES
        LABELS packaging TIMEOUT ${timeout} SKIP_RETURN_CODE 77)
endfunction()

if(NOT CMAKE_C_FLAGS MATCHES "-fsanitize")
    set(shipped gpushare-host gpushare-keeper gpushare-session gpushare-init gpushare-client
        gpushare-host-http gpushare-session-decode gpushare-session-hardware gpushare-client-gl
        gpushare-client-libav gpushare-client-record gpushare-client-window)
    set(files)
    foreach(target ${shipped})
        if(TARGET ${target})
            list(APPEND files $<TARGET_FILE:${target}>)
        endif()
    endforeach()
    gs_packaging_test(hardening 60 ${CMAKE_CURRENT_LIST_DIR}/hardening.sh ${files})
endif()
