# SPDX-License-Identifier: GPL-2.0-or-later
# The worker's end of the link, and what hangs on it.
foreach(part session_link settings unwatched_rule)
    gs_test(test_${part} LABEL unit SOURCES unit/test_${part}.c LIBS gs_session gs_common)
endforeach()
