/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/url.h"

#include <errno.h>
#include <gio/gio.h>
#include <string.h>

#define SCHEME "gpushare"
#define NAME_CHARS                                                                                 \
    "abcdefghijklmnopqrstuvwxyz"                                                                   \
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"                                                                   \
    "0123456789-_"

static bool copy_chars(const char *from, const char *allowed, char *to, size_t size)
{
    size_t len = from ? strlen(from) : 0;

    if (len == 0 || len >= size || strspn(from, allowed) != len)
        return false;
    memcpy(to, from, len + 1);
    return true;
}

static bool parse_fingerprint(const char *hex, uint8_t out[GS_FINGERPRINT_SIZE])
{
    if (!hex || strlen(hex) != 2 * GS_FINGERPRINT_SIZE)
        return false;
    for (size_t i = 0; i < GS_FINGERPRINT_SIZE; i++) {
        int high = g_ascii_xdigit_value(hex[2 * i]);
        int low = g_ascii_xdigit_value(hex[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static const char *parse_place(GUri *uri, struct gs_url *url)
{
    const char *path = g_uri_get_path(uri);
    int port = g_uri_get_port(uri);

    if (strcmp(g_uri_get_scheme(uri), SCHEME) != 0)
        return "it does not begin with " SCHEME "://";
    if (g_uri_get_userinfo(uri) || g_uri_get_fragment(uri))
        return "there is no user and no fragment in such an address";
    if (!copy_chars(g_uri_get_host(uri), NAME_CHARS ".:%", url->host, sizeof(url->host)))
        return "the host is missing or not a host name or address";
    if (port == 0 || port > 65535)
        return "the port is not in 1…65535";
    url->port = port < 0 ? GS_PROTO_PORT : (uint16_t)port;
    if (path[0] != '/' || !gs_session_name_valid(path + 1))
        return "the session's name is missing or has characters other than A-Z a-z 0-9 - _ .";
    strcpy(url->session, path + 1);
    return NULL;
}

static const char *parse_query(GUri *uri, struct gs_url *url)
{
    const char *query = g_uri_get_query(uri);
    g_autoptr(GHashTable) params =
        g_uri_parse_params(query ? query : "", -1, "&", G_URI_PARAMS_NONE, NULL);

    if (!params)
        return "what follows the question mark is not key=value&key=value";
    if (!copy_chars(g_hash_table_lookup(params, "ticket"), NAME_CHARS, url->ticket,
                    sizeof(url->ticket)))
        return "the ticket is missing or damaged";
    if (!parse_fingerprint(g_hash_table_lookup(params, "fp"), url->fingerprint))
        return "the fingerprint (fp) is missing or not 64 hexadecimal digits";
    return NULL;
}

int gs_url_parse(const char *text, struct gs_url *ret, const char **ret_why)
{
    g_autoptr(GUri) uri = g_uri_parse(text, G_URI_FLAGS_NONE, NULL);
    struct gs_url url = {0};

    *ret_why = uri ? parse_place(uri, &url) : "it is not a URL";
    if (!*ret_why)
        *ret_why = parse_query(uri, &url);
    if (*ret_why)
        return -EINVAL;
    *ret = url;
    return 0;
}

char *gs_url_format(const struct gs_url *url)
{
    char fp[2 * GS_FINGERPRINT_SIZE + 1];
    g_autofree char *path = g_strdup_printf("/%s", url->session);
    g_autofree char *query = NULL;

    for (size_t i = 0; i < GS_FINGERPRINT_SIZE; i++)
        g_snprintf(fp + 2 * i, 3, "%02x", url->fingerprint[i]);
    query = g_strdup_printf("ticket=%s&fp=%s", url->ticket, fp);
    return g_uri_join(G_URI_FLAGS_NONE, SCHEME, NULL, url->host, url->port, path, query, NULL);
}
