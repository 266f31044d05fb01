# SPDX-License-Identifier: GPL-2.0-or-later
foreach(target control_path control_request)
    gs_fuzz(fuzz_${target} SOURCES fuzz/fuzz_${target}.c LIBS gpushare::host)
endforeach()
gs_fuzz(fuzz_http_head SOURCES fuzz/fuzz_http_head.c ${PROJECT_SOURCE_DIR}/host/http_head.c
    LIBS gpushare::common PkgConfig::SOUP)
