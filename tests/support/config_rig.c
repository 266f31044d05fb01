/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/config_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <glib.h>
#include <string.h>

#include "tests/support/tree.h"

static char *folder;

int config_rig_setup(void **state)
{
    (void)state;
    folder = tree_create();
    return 0;
}

int config_rig_teardown(void **state)
{
    (void)state;
    tree_remove(folder);
    folder = NULL;
    return 0;
}

char *config_rig_put(const char *name, const char *text)
{
    tree_put(folder, name, text);
    return g_build_filename(folder, name, NULL);
}

struct gs_host_config config_rig_load(const char *text)
{
    g_autofree char *path = config_rig_put("host.conf", text);
    g_autofree char *why = NULL;
    struct gs_host_config c;

    if (gs_host_config_load(path, &c, &why) < 0)
        fail_msg("%s", why);
    return c;
}

char *config_rig_errors(const char *path)
{
    struct gs_host_config c, before;
    g_autofree char *why = NULL, *prefix = g_strconcat(folder, "/", NULL);
    g_auto(GStrv) parts = NULL;

    memset(&c, 0x5a, sizeof(c));
    before = c;
    assert_int_equal(gs_host_config_load(path, &c, &why), -EINVAL);
    assert_memory_equal(&c, &before, sizeof(c)); /* it leaves it alone */
    parts = g_strsplit(why, prefix, -1);
    return g_strjoinv("", parts);
}

void config_rig_refused(const char *text, const char *errors)
{
    g_autofree char *path = config_rig_put("host.conf", text);
    g_autofree char *said = config_rig_errors(path);

    assert_string_equal(said, errors);
}
