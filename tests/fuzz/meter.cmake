# SPDX-License-Identifier: GPL-2.0-or-later
gs_fuzz(fuzz_fdinfo SOURCES fuzz/fuzz_fdinfo.c LIBS gpushare::host)
