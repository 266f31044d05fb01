/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/bench/compare/pixels.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

int cmp_pixels_create(int width, int height, struct gs_canvas *ret, int *ret_fd)
{
    size_t size = (size_t)width * (size_t)height * 4;
    int fd = memfd_create("gs-compare-app", MFD_CLOEXEC);
    int r;
    void *p;

    if (fd < 0)
        return -errno;
    r = ftruncate(fd, (off_t)size) < 0 ? -errno : 0;
    p = r < 0 ? MAP_FAILED : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) {
        r = r < 0 ? r : -errno;
        close(fd);
        return r;
    }
    *ret = (struct gs_canvas){p, (uint32_t)width, (uint32_t)height, (uint32_t)width};
    *ret_fd = fd;
    return 0;
}
