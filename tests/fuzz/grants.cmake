# SPDX-License-Identifier: GPL-2.0-or-later
gs_fuzz(fuzz_adoption SOURCES fuzz/fuzz_adoption.c LIBS gpushare::host)
