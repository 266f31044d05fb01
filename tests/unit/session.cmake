# SPDX-License-Identifier: GPL-2.0-or-later
gs_test(test_pacing LABEL unit SOURCES unit/test_pacing.c LIBS gs_session)
