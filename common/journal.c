/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/journal.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SEND_BUFFER 1048576 /* so that many lines at once find room */

static const struct sockaddr_un address = {AF_UNIX, "/run/systemd/journal/socket"};

bool gs_journal_has_stderr(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long dev, inode;
    struct stat st;

    return stream && sscanf(stream, "%llu:%llu", &dev, &inode) == 2 &&
           fstat(STDERR_FILENO, &st) == 0 && st.st_dev == dev && st.st_ino == inode;
}

int gs_journal_open(void)
{
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), size = SEND_BUFFER;

    if (fd < 0)
        return -errno;
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)) < 0) {
        /* Then there is less room. */
    }
    return fd;
}

/* The form that takes any bytes: name, LF, length in 64 bits little-endian, bytes, LF. */
static size_t put_message(char *out, const char *message)
{
    uint64_t size = strnlen(message, GS_JOURNAL_MESSAGE_MAX);
    size_t n = 0;

    memcpy(out, "MESSAGE\n", 8);
    n += 8;
    for (int i = 0; i < 8; i++)
        out[n++] = (char)(size >> (8 * i));
    memcpy(out + n, message, size);
    n += size;
    out[n++] = '\n';
    return n;
}

int gs_journal_send(int fd, const struct gs_journal_entry *e)
{
    char out[GS_JOURNAL_MESSAGE_MAX + 512];
    size_t head = sizeof(out) - GS_JOURNAL_MESSAGE_MAX - 32;
    int n = snprintf(out, head, "PRIORITY=%d\nSYSLOG_IDENTIFIER=%s\n%s%s%s%s%s%s", e->priority,
                     e->program, e->session[0] ? "GPUSHARE_SESSION=" : "", e->session,
                     e->session[0] ? "\n" : "", e->user[0] ? "GPUSHARE_USER=" : "", e->user,
                     e->user[0] ? "\n" : "");

    if (n < 0 || (size_t)n >= head)
        return -EMSGSIZE;
    n += (int)put_message(out + n, e->message);
    if (sendto(fd, out, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)&address,
               sizeof(address)) < 0)
        return -errno;
    return 0;
}
