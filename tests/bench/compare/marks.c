/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/bench/compare/marks.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#define WHITE_FROM 176 /* what is between the two is a half drawn or spoilt block */
#define BLACK_UPTO 80

static bool block_is_white(uint32_t number, int block)
{
    uint32_t gray = number ^ (number >> 1);

    if (block == 0 || block == CMP_MARK_BLOCKS - 1)
        return true;
    if (block == 1 || block == CMP_MARK_BLOCKS - 2)
        return false;
    return (gray >> (CMP_MARK_BITS - 1 - (block - 2))) & 1;
}

void cmp_marks_paint(const struct gs_canvas *canvas, uint32_t number)
{
    for (int i = 0; i < CMP_MARK_BLOCKS; i++)
        gs_paint_rect(canvas, i * CMP_MARK_SIZE, 0, CMP_MARK_SIZE, CMP_MARK_SIZE,
                      block_is_white(number, i) ? 0xffffff : 0);
}

int cmp_marks_read(const uint32_t *row)
{
    uint32_t number = 0, bit = 0;

    for (int i = 0; i < CMP_MARK_BLOCKS; i++) {
        uint32_t green = (row[i * CMP_MARK_SIZE + CMP_MARK_SIZE / 2] >> 8) & 0xff;
        bool white = green >= WHITE_FROM;

        if (!white && green > BLACK_UPTO)
            return -1;
        if (i < 2 || i >= CMP_MARK_BLOCKS - 2) {
            if (white != block_is_white(0, i))
                return -1;
            continue;
        }
        /* From Gray code: each bit is the sum of those before it. */
        bit ^= white;
        number = number << 1 | bit;
    }
    return (int)number;
}

int cmp_log_open(const char *path, bool create, struct cmp_log **ret)
{
    int fd = open(path, create ? O_RDWR | O_CREAT | O_CLOEXEC : O_RDWR | O_CLOEXEC, 0600);
    int r = 0;
    void *p;

    if (fd < 0)
        return -errno;
    if (create && ftruncate(fd, sizeof(struct cmp_log)) < 0) {
        r = -errno;
        close(fd);
        return r;
    }
    p = mmap(NULL, sizeof(struct cmp_log), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED)
        r = -errno;
    else
        *ret = p;
    close(fd);
    return r;
}
