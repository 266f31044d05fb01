# SPDX-License-Identifier: GPL-2.0-or-later
foreach(part admin_text control_parse log_file)
    gs_test(test_${part} LABEL unit SOURCES unit/test_${part}.c LIBS gpushare::host)
endforeach()
gs_test(test_http_head LABEL unit
    SOURCES unit/test_http_head.c ${PROJECT_SOURCE_DIR}/host/http_head.c LIBS gpushare::common)
