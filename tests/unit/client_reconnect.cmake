# SPDX-License-Identifier: GPL-2.0-or-later
foreach(part input_keep reconnect_policy)
    gs_test(test_client_${part} LABEL unit
        SOURCES unit/test_client_${part}.c LIBS gpushare::client_parts)
endforeach()
