# SPDX-License-Identifier: GPL-2.0-or-later
# The three programs together.
foreach(part stream lifecycle apps loss)
    gs_test(test_${part} LABEL integration SOURCES integration/test_${part}.c LIBS gs_test_support
        TIMEOUT 400)
    add_dependencies(test_${part} gs-test-app)
    foreach(program gpushare-host gpushare-session gpushare-client)
        if(TARGET ${program})
            add_dependencies(test_${part} ${program})
        endif()
    endforeach()
endforeach()
