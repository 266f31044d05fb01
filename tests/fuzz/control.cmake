# SPDX-License-Identifier: GPL-2.0-or-later
foreach(target url proto_json input frames)
    gs_fuzz(fuzz_${target} SOURCES fuzz/fuzz_${target}.c LIBS gpushare::common)
endforeach()
