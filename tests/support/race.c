/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A data race on purpose: what the tsan preset must find with the options that its tests have. */
#include <glib.h>
#include <stdio.h>

static int counter;

static gpointer count(gpointer data)
{
    for (int i = 0; i < 1000; i++)
        counter++;
    return data;
}

int main(void)
{
    GThread *thread = g_thread_new("count", count, NULL);

    count(NULL);
    g_thread_join(thread);
    printf("%d\n", counter);
    return 0;
}
