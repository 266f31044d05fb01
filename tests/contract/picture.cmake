# SPDX-License-Identifier: GPL-2.0-or-later
gs_test(test_parts LABEL contract SOURCES contract/test_parts.c LIBS gs_session)
