/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/http_head.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define MALFORMED 400
#define NOT_IMPLEMENTED 501
#define LENGTH_DIGITS 18 /* of a Content-Length that fits into 64 bits */

size_t gs_http_head_size(const char *data, size_t size)
{
    const char *end = memmem(data, size, "\r\n\r\n", 4);

    return end ? (size_t)(end - data) + 4 : 0;
}

struct field {
    const char *name, *value;
    size_t name_size, value_size;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* A token (RFC 9110, 5.6.2), as names of fields are. */
static bool is_token(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c <= ' ' || c >= 0x7f || strchr("()<>@,;:\\\"/[]?={}", c))
            return false;
    }
    return size > 0;
}

static bool split(const char *line, size_t size, struct field *ret)
{
    const char *colon = memchr(line, ':', size);

    if (!colon || memchr(line, '\0', size) || memchr(line, '\n', size) || memchr(line, '\r', size))
        return false;
    ret->name = line;
    ret->name_size = (size_t)(colon - line);
    ret->value = colon + 1;
    ret->value_size = size - ret->name_size - 1;
    while (ret->value_size && is_blank(ret->value[0])) {
        ret->value++;
        ret->value_size--;
    }
    while (ret->value_size && is_blank(ret->value[ret->value_size - 1]))
        ret->value_size--;
    return is_token(ret->name, ret->name_size);
}

static bool is(const char *text, size_t size, const char *word)
{
    return size == strlen(word) && strncasecmp(text, word, size) == 0;
}

static bool is_length(const struct field *f)
{
    size_t digits = 0;

    while (digits < f->value_size && f->value[digits] >= '0' && f->value[digits] <= '9')
        digits++;
    return digits == f->value_size && digits > 0 && digits <= LENGTH_DIGITS;
}

static bool is_version(const char *text, size_t size)
{
    return size == 8 && (memcmp(text, "HTTP/1.1", 8) == 0 || memcmp(text, "HTTP/1.0", 8) == 0);
}

/* METHOD SP target SP HTTP/1.x */
static bool is_request_line(const char *line, size_t size)
{
    const char *space = memchr(line, ' ', size);
    const char *last = memrchr(line, ' ', size);

    if (!space || last == space || !is_token(line, (size_t)(space - line)))
        return false;
    for (const char *p = space + 1; p < last; p++) {
        if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f)
            return false;
    }
    return last > space + 1 && is_version(last + 1, size - (size_t)(last + 1 - line));
}

unsigned gs_http_head_check(const char *head, size_t size)
{
    const char *line = head, *end = head + size - 2;
    unsigned lengths = 0, codings = 0;

    while (line < end) {
        const char *stop = memmem(line, (size_t)(head + size - line), "\r\n", 2);
        size_t n = (size_t)(stop - line);
        struct field f;

        if (line == head && !is_request_line(line, n))
            return MALFORMED;
        if (line != head && !split(line, n, &f))
            return MALFORMED;
        if (line != head && is(f.name, f.name_size, "content-length")) {
            lengths++;
            if (!is_length(&f))
                return MALFORMED;
        } else if (line != head && is(f.name, f.name_size, "transfer-encoding")) {
            codings++;
            if (!is(f.value, f.value_size, "chunked"))
                return NOT_IMPLEMENTED;
        }
        line = stop + 2;
    }
    return lengths + codings > 1 ? MALFORMED : 0;
}
