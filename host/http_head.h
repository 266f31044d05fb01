/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The form of a request's head, before libsoup sees it: libsoup 3.2 keeps what it allocated for
 * some that it refuses, and takes lengths below zero. Pure. */
#pragma once

#include <stddef.h>

#define GS_HTTP_HEAD_MAX 16384

/* Bytes up to the end of its empty line; 0: it is not whole. */
size_t gs_http_head_size(const char *data, size_t size);
/* What a whole one is to be answered: 400, 501 (another transfer coding than chunked); 0: go on. */
unsigned gs_http_head_check(const char *head, size_t size);
