/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs that a test uses and that need not be installed. After cmocka.h. */
#pragma once

#include <glib.h>

/* Skips the test where there is no such program, and says so. */
#define NEED(program)                                                                              \
    do {                                                                                           \
        g_autofree char *path_ = g_find_program_in_path(program);                                  \
        if (!path_) {                                                                              \
            print_message("%s is not installed\n", program);                                       \
            skip();                                                                                \
        }                                                                                          \
    } while (0)
