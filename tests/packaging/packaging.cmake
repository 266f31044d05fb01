# SPDX-License-Identifier: GPL-2.0-or-later
function(gs_packaging_test name timeout)
    add_test(NAME packaging_${name} COMMAND ${ARGN})
    set_tests_properties(packaging_${name} PROPERTIES
        LABELS packaging TIMEOUT ${timeout} SKIP_RETURN_CODE 77)
endfunction()

foreach(kind units sample desktop container)
    gs_packaging_test(${kind} 60
        ${CMAKE_CURRENT_LIST_DIR}/files.sh ${kind} ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
endforeach()

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

# Minutes, root and a mirror of Debian: scripts/test --packaging asks for it.
gs_packaging_test(deb 1800 ${CMAKE_CURRENT_LIST_DIR}/test_deb.sh ${PROJECT_BINARY_DIR}/packaging-test)
set_tests_properties(packaging_deb PROPERTIES RUN_SERIAL ON)
