# SPDX-License-Identifier: GPL-2.0-or-later
gs_test(test_effort LABEL unit SOURCES unit/test_effort.c LIBS gs_session)
gs_test(test_idle LABEL unit SOURCES unit/test_idle.c LIBS gs_session)
