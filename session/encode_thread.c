/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/encode_thread.h"

#include <errno.h>
#include <glib.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "session/auto_effort.h"

struct gs_encode_thread {
    struct gs_transport *transport;
    pthread_t thread;
    bool running;
    /* The job changes hands: by `filled` to the thread, by `done` and done_fd back. */
    struct gs_encode_job job;
    sem_t filled;
    atomic_bool done, quit;
    int done_fd; /* eventfd */

    /* The thread's own while a job is in flight. */
    struct gs_auto_effort effort;
};

static void encode_one(struct gs_encode_thread *t, struct gs_encode_job *job)
{
    const struct gs_encode_options options = {
        .idr = job->idr, .frame_id = job->trace.frame_id, .quality = job->quality};
    struct gs_packet packet;

    job->trace.encode_start = gs_now_ns();
    job->encode_err = gs_encoder_encode(job->encoder, job->picture, &options, &packet);
    job->trace.encode_end = gs_now_ns();
    if (job->encode_err < 0)
        return;
    job->bytes = packet.size;
    job->keyframe = packet.keyframe;
    job->short_of = packet.quality > job->quality;
    job->send_err = gs_transport_send(t->transport, &packet, &job->trace);
    gs_auto_effort_encoded(&t->effort, job->encoder, &job->trace, packet.size);
}

static void *run(void *data)
{
    struct gs_encode_thread *t = data;

    for (;;) {
        while (sem_wait(&t->filled) < 0)
            continue; /* a signal's handler ran */
        if (atomic_load(&t->quit))
            return NULL;
        encode_one(t, &t->job);
        atomic_store_explicit(&t->done, true, memory_order_release);
        if (eventfd_write(t->done_fd, 1) < 0)
            gs_error("eventfd: %s", g_strerror(errno));
    }
}

int gs_encode_thread_create(struct gs_transport *transport, uint32_t fps, int effort,
                            struct gs_encode_thread **ret)
{
    struct gs_encode_thread *t = g_new0(struct gs_encode_thread, 1);
    int err;

    t->transport = transport;
    sem_init(&t->filled, 0, 0);
    gs_auto_effort_init(&t->effort, fps, effort);
    t->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    err = t->done_fd < 0 ? -errno : -pthread_create(&t->thread, NULL, run, t);
    if (err < 0) {
        gs_encode_thread_destroy(t);
        return err;
    }
    pthread_setname_np(t->thread, "encode");
    t->running = true;
    *ret = t;
    return 0;
}

void gs_encode_thread_destroy(struct gs_encode_thread *t)
{
    if (!t)
        return;
    if (t->running) {
        atomic_store(&t->quit, true);
        sem_post(&t->filled);
        pthread_join(t->thread, NULL);
    }
    if (t->done_fd >= 0)
        close(t->done_fd);
    sem_destroy(&t->filled);
    g_free(t);
}

int gs_encode_thread_fd(const struct gs_encode_thread *t)
{
    return t->done_fd;
}

void gs_encode_thread_start(struct gs_encode_thread *t, const struct gs_encode_job *job)
{
    t->job = *job;
    sem_post(&t->filled);
}

const struct gs_encode_job *gs_encode_thread_take(struct gs_encode_thread *t)
{
    return atomic_exchange_explicit(&t->done, false, memory_order_acquire) ? &t->job : NULL;
}

void gs_encode_thread_set_effort(struct gs_encode_thread *t, uint32_t fps, int effort)
{
    gs_auto_effort_init(&t->effort, fps, effort);
}
