/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gpushare-init STATUS_FD PROGRAM [ARG…]. Never run by hand. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "session/desktop/app_init.h"

static void tell(int fd, int kind, int value)
{
    const struct gs_app_record record = {kind, value};

    /* A worker that does not listen any more ends us by itself when the time is over; until then
     * what is left may clean up. */
    if (write(fd, &record, sizeof(record)) < 0)
        return;
}

/* 0, or errno of exec. */
static int start(char **argv, pid_t *ret)
{
    int fd[2], error = 0;
    ssize_t n;

    if (pipe2(fd, O_CLOEXEC) < 0)
        return errno;
    *ret = fork();
    if (*ret == 0) {
        setsid();
        signal(SIGPIPE, SIG_DFL);
        execvp(argv[0], argv);
        error = errno;
        _exit(write(fd[1], &error, sizeof(error)) < 0 ? 126 : 127);
    }
    if (*ret < 0)
        error = errno;
    close(fd[1]);
    do
        n = read(fd[0], &error, sizeof(error));
    while (n < 0 && errno == EINTR);
    close(fd[0]);
    return error;
}

int main(int argc, char **argv)
{
    int fd = argc > 2 ? atoi(argv[1]) : -1, error, status, last = 0;
    pid_t app = -1, pid;

    if (fd < 3 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
        fputs("gpushare-init: started by gpushare-session only\n", stderr);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    error = start(argv + 2, &app);
    tell(fd, error ? GS_APP_NOT_STARTED : GS_APP_STARTED, error);
    for (;;) {
        pid = wait(&status);
        if (pid < 0 && errno == EINTR)
            continue;
        if (pid < 0)
            break;
        if (pid == app && !error) {
            last = status;
            tell(fd, GS_APP_ENDED, status);
        }
    }
    if (WIFSIGNALED(last))
        return 128 + WTERMSIG(last);
    return error ? 127 : WEXITSTATUS(last);
}
