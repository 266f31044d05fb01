# SPDX-License-Identifier: GPL-2.0-or-later
gs_test(test_sandbox_command LABEL unit SOURCES unit/test_sandbox_command.c LIBS gs_source)
gs_test(test_syscall_filter LABEL unit SOURCES unit/test_syscall_filter.c LIBS gs_syscall_filter)
