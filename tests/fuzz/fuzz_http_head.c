/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/fuzz/fuzz.h"

#include <libsoup/soup.h>

#include "host/http_head.h"

/* libsoup reads what is good here, and sees the same length and coding of the body. */
static void compare(const char *head, size_t size)
{
    SoupMessageHeaders *headers = soup_message_headers_new(SOUP_MESSAGE_HEADERS_REQUEST);
    g_autofree char *method = NULL, *path = NULL;
    SoupHTTPVersion version;
    guint status =
        soup_headers_parse_request(head, (int)size - 2, headers, &method, &path, &version);

    assert(status == SOUP_STATUS_OK);
    assert(soup_message_headers_get_encoding(headers) != SOUP_ENCODING_UNRECOGNIZED);
    assert(soup_message_headers_get_content_length(headers) >= 0);
    soup_message_headers_unref(headers);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    size_t head = gs_http_head_size(text, size);

    assert(head <= size);
    if (head && head <= GS_HTTP_HEAD_MAX && gs_http_head_check(text, head) == 0)
        compare(text, head);
    return 0;
}
