/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Turns the default main context in tests. After cmocka.h. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#define WAIT_DEADLINE_MS 20000 /* against hanging */

static gboolean wait_set_flag(gpointer flag)
{
    *(bool *)flag = true;
    return G_SOURCE_REMOVE;
}

static void turn(unsigned ms)
{
    bool over = false;

    g_timeout_add(ms, wait_set_flag, &over);
    while (!over)
        g_main_context_iteration(NULL, TRUE);
}

/* Until the condition holds; the test fails where it never does. */
#define WAIT_FOR(condition)                                                                        \
    do {                                                                                           \
        gint64 until = g_get_monotonic_time() + WAIT_DEADLINE_MS * 1000;                           \
        while (!(condition) && g_get_monotonic_time() < until)                                     \
            turn(1);                                                                               \
        assert_true(condition);                                                                    \
    } while (0)
