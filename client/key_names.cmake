# SPDX-License-Identifier: GPL-2.0-or-later
# Writes client/key_names.inc: every KEY_* of linux/input-event-codes.h by its name.
find_file(INPUT_EVENT_CODES linux/input-event-codes.h REQUIRED)
file(STRINGS ${INPUT_EVENT_CODES} lines REGEX "^#define[ \t]+KEY_[A-Z0-9_]+[ \t]")
set(rows "")
foreach(line ${lines})
    string(REGEX MATCH "KEY_([A-Z0-9_]+)" ignored "${line}")
    set(key ${CMAKE_MATCH_1})
    if(NOT key MATCHES "^(RESERVED|MAX|CNT|MIN_INTERESTING)$")
        string(APPEND rows "{\"${key}\", KEY_${key}},\n")
    endif()
endforeach()
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/generated/client/key_names.inc CONTENT "${rows}" @ONLY)
