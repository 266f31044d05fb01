/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/app_output.h"

#include <fcntl.h>
#include <unistd.h>

static int output = STDERR_FILENO;

void gs_app_output_set(int fd)
{
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    output = fd;
}

int gs_app_output(void)
{
    return output;
}
