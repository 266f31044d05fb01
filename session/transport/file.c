/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records the session as an Annex B byte stream. */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "session/transport/sink.h"

struct file_transport {
    struct gs_sink sink;
    int fd;
};

static int file_open(const struct gs_transport_params *p, struct gs_transport **ret)
{
    struct file_transport *file;
    int fd;

    if (!p->path || !*p->path)
        return -EINVAL;
    fd = open(p->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) {
        int err = -errno;

        gs_error("file: can't write %s: %s", p->path, strerror(errno));
        return err;
    }
    file = g_new0(struct file_transport, 1);
    file->sink.base.params = *p;
    file->fd = fd;
    *ret = &file->sink.base;
    return 0;
}

static int file_send(struct gs_transport *t, const struct gs_packet *packet,
                     struct gs_frame_trace *trace)
{
    struct file_transport *file = (struct file_transport *)t;
    size_t done = 0;

    trace->first_packet = gs_now_ns();
    while (done < packet->size) {
        ssize_t n = write(file->fd, packet->data + done, packet->size - done);

        if (n < 0 && errno != EINTR)
            return -errno;
        done += n > 0 ? (size_t)n : 0;
    }
    trace->last_packet = gs_now_ns();
    gs_sink_sent(&file->sink, packet->size);
    return 0;
}

static void file_close(struct gs_transport *t)
{
    struct file_transport *file = (struct file_transport *)t;

    gs_sink_finish(&file->sink);
    close(file->fd);
    g_free(file);
}

const struct gs_transport_impl gs_transport_file = {
    .name = "file",
    .open = file_open,
    .attach = gs_sink_attach,
    .detach = gs_sink_detach,
    .send = file_send,
    .counters = gs_sink_counters,
    .close = file_close,
};
