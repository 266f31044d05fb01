# SPDX-License-Identifier: GPL-2.0-or-later
gs_fuzz(fuzz_config SOURCES fuzz/fuzz_config.c LIBS gpushare::host)
