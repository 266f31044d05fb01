# SPDX-License-Identifier: GPL-2.0-or-later
gs_fuzz(fuzz_state SOURCES fuzz/fuzz_state.c LIBS gpushare::host)
