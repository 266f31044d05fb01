# SPDX-License-Identifier: GPL-2.0-or-later
foreach(part clock_sync input keymap letterbox overlay player scancode script stats)
    gs_test(test_client_${part} LABEL unit
        SOURCES unit/test_client_${part}.c LIBS gpushare::client_parts)
endforeach()
