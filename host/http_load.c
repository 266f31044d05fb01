/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>

#include "common/module.h"
#include "host/http.h"

const struct gs_http *gs_http_load(char **ret_why)
{
    static const struct gs_http *http;
    char why[200];

    if (!http)
        http = gs_module_load("gpushare-host-http", why, sizeof(why));
    if (!http)
        *ret_why = g_strdup(why);
    return http;
}
