/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/freezer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const struct kind {
    const char *file, *words[2]; /* to go on, to stand still */
} kinds[] = {
    {GS_FREEZER_V1_FILE, {"THAWED", "FROZEN"}},
    {GS_FREEZER_V2_FILE, {"0", "1"}},
};

static int open_below(int folder, const char *file)
{
    int fd = openat(folder, file, O_WRONLY | O_CLOEXEC);

    return fd < 0 ? -errno : fd;
}

int gs_freezer_open(struct gs_freezer *f, const char *folder)
{
    int dir = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int fd;

    *f = (struct gs_freezer){.fd = -1};
    if (dir < 0)
        return -errno;
    fd = open_below(dir, kinds[f->v2].file);
    if (fd == -ENOENT) {
        f->v2 = true;
        fd = open_below(dir, kinds[f->v2].file);
    }
    close(dir);
    if (fd < 0)
        return fd;
    f->fd = fd;
    return 0;
}

int gs_freezer_set(const struct gs_freezer *f, bool still)
{
    const char *word = kinds[f->v2].words[still];

    return write(f->fd, word, strlen(word)) < 0 ? -errno : 0;
}

void gs_freezer_close(struct gs_freezer *f)
{
    if (f->fd >= 0)
        close(f->fd);
    f->fd = -1;
}

int gs_freezer_set_in(const char *folder, bool still)
{
    struct gs_freezer f;
    int err = gs_freezer_open(&f, folder);

    if (!err)
        err = gs_freezer_set(&f, still);
    gs_freezer_close(&f);
    return err;
}
