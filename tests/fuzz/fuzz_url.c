/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "common/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is accepted comes out the same after writing and reading it again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    struct gs_url url, again;
    const char *why;
    char *out;

    memset(&url, 0, sizeof(url));
    memset(&again, 0, sizeof(again));
    if (gs_url_parse(text, &url, &why) < 0)
        return 0;
    out = gs_url_format(&url);
    if (gs_url_parse(out, &again, &why) < 0 || strcmp(url.host, again.host) != 0 ||
        url.port != again.port || strcmp(url.ticket, again.ticket) != 0)
        abort();
    free(out);
    return 0;
}
