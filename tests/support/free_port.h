/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ports for programs that a test starts. After cmocka.h. */
#pragma once

#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

/* One of 127.0.0.1 that is free now; type: SOCK_STREAM (TCP) or SOCK_DGRAM (UDP). */
static uint16_t free_port(int type)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    close(fd);
    return ntohs(address.sin_port);
}
