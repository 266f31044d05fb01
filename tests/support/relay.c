/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/relay.h"

#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"

#define MAX_DATAGRAM 2048
#define SOCKET_BUFFER (4 * 1024 * 1024)
#define DEFAULT_QUEUE_US 200000

struct datagram {
    uint64_t due;
    enum gs_relay_direction dir;
    size_t size;
    uint8_t data[];
};

struct gs_relay {
    GThread *thread;
    int wake;
    atomic_bool stop;
    struct sockaddr_in server;
    uint16_t port;

    /* The relay's thread. */
    GRand *rand;
    GQueue queue;          /* struct datagram, by due */
    uint64_t link_free[2]; /* when the bottleneck has sent all before */

    pthread_mutex_t lock; /* all below */
    struct gs_relay_params params;
    int near, far;             /* sockets towards the client and the server */
    struct sockaddr_in client; /* port 0: not heard yet */
    struct gs_relay_stats stats;
};

static int open_socket(uint16_t *ret_port)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    socklen_t size = sizeof(addr);
    int buffer = SOCKET_BUFFER;

    if (fd < 0)
        return -errno;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer));
    if (bind(fd, (struct sockaddr *)&addr, size) < 0 ||
        getsockname(fd, (struct sockaddr *)&addr, &size) < 0) {
        int err = -errno;

        close(fd);
        return err;
    }
    if (ret_port)
        *ret_port = ntohs(addr.sin_port);
    return fd;
}

static int by_due(const void *a, const void *b, void *user)
{
    const struct datagram *x = a, *y = b;

    (void)user;
    /* After those that are due at the same time. */
    return x->due <= y->due ? -1 : 1;
}

static bool chance(struct gs_relay *relay, double p)
{
    return g_rand_double(relay->rand) < p;
}

/* When the datagram gets through the bottleneck; 0: it finds the queue full. */
static uint64_t pass_bottleneck(struct gs_relay *relay, enum gs_relay_direction dir, size_t size,
                                uint64_t now)
{
    const struct gs_relay_params *p = &relay->params;
    uint64_t queue = (p->queue_us ? p->queue_us : DEFAULT_QUEUE_US) * GS_NS_PER_US;
    uint64_t start = GS_MAX(now, relay->link_free[dir]);

    if (!p->rate_kbps)
        return now;
    if (start - now > queue)
        return 0;
    relay->link_free[dir] = start + size * 8 * GS_NS_PER_MS / p->rate_kbps;
    return relay->link_free[dir];
}

static void enqueue(struct gs_relay *relay, enum gs_relay_direction dir, const uint8_t *data,
                    size_t size, uint64_t due)
{
    struct datagram *d = g_malloc(sizeof(*d) + size);

    *d = (struct datagram){.due = due, .dir = dir, .size = size};
    memcpy(d->data, data, size);
    g_queue_insert_sorted(&relay->queue, d, by_due, NULL);
}

/* lock is held. */
static void accept_datagram(struct gs_relay *relay, enum gs_relay_direction dir,
                            const uint8_t *data, size_t size, uint64_t now)
{
    const struct gs_relay_params *p = &relay->params;
    uint64_t due = chance(relay, p->loss) ? 0 : pass_bottleneck(relay, dir, size, now);

    if (!due) {
        relay->stats.dropped[dir]++;
        return;
    }
    due += p->delay_us * GS_NS_PER_US;
    if (chance(relay, p->reorder))
        due += p->reorder_us * GS_NS_PER_US;
    enqueue(relay, dir, data, size, due);
    if (chance(relay, p->duplicate))
        enqueue(relay, dir, data, size, due);
}

static void receive(struct gs_relay *relay, enum gs_relay_direction dir, uint64_t now)
{
    uint8_t data[MAX_DATAGRAM];
    struct sockaddr_in from;
    socklen_t from_size;
    ssize_t n;

    pthread_mutex_lock(&relay->lock);
    for (;;) {
        from_size = sizeof(from);
        n = recvfrom(dir == GS_RELAY_TO_SERVER ? relay->near : relay->far, data, sizeof(data), 0,
                     (struct sockaddr *)&from, &from_size);
        if (n < 0)
            break;
        if (dir == GS_RELAY_TO_SERVER)
            relay->client = from;
        accept_datagram(relay, dir, data, (size_t)n, now);
    }
    pthread_mutex_unlock(&relay->lock);
}

/* lock is held. */
static int forward(struct gs_relay *relay, enum gs_relay_direction dir, const void *data,
                   size_t size)
{
    const struct sockaddr_in *to = dir == GS_RELAY_TO_SERVER ? &relay->server : &relay->client;

    if (!to->sin_port)
        return -ENOTCONN;
    if (sendto(dir == GS_RELAY_TO_SERVER ? relay->far : relay->near, data, size, 0,
               (const struct sockaddr *)to, sizeof(*to)) < 0)
        return -errno;
    return 0;
}

static void forward_due(struct gs_relay *relay, uint64_t now)
{
    struct datagram *d;

    pthread_mutex_lock(&relay->lock);
    while ((d = g_queue_peek_head(&relay->queue)) && d->due <= now) {
        if (forward(relay, d->dir, d->data, d->size) == 0)
            relay->stats.forwarded[d->dir]++;
        else
            relay->stats.dropped[d->dir]++;
        g_free(g_queue_pop_head(&relay->queue));
    }
    pthread_mutex_unlock(&relay->lock);
}

static gpointer run(gpointer user)
{
    struct gs_relay *relay = user;

    while (!atomic_load(&relay->stop)) {
        const struct datagram *d = g_queue_peek_head(&relay->queue);
        uint64_t now = gs_now_ns(), ns = d && d->due > now ? d->due - now : 0;
        struct timespec timeout = {(time_t)(ns / GS_NS_PER_S), (long)(ns % GS_NS_PER_S)};
        struct pollfd fds[3] = {{.fd = relay->wake, .events = POLLIN}};
        uint64_t count;

        pthread_mutex_lock(&relay->lock);
        fds[1] = (struct pollfd){.fd = relay->near, .events = POLLIN};
        fds[2] = (struct pollfd){.fd = relay->far, .events = POLLIN};
        pthread_mutex_unlock(&relay->lock);
        if (ppoll(fds, 3, d ? &timeout : NULL, NULL) < 0)
            continue;
        if (fds[0].revents && read(relay->wake, &count, sizeof(count)) < 0)
            continue;
        now = gs_now_ns();
        receive(relay, GS_RELAY_TO_SERVER, now);
        receive(relay, GS_RELAY_TO_CLIENT, now);
        forward_due(relay, now);
    }
    return NULL;
}

static void wake(struct gs_relay *relay)
{
    uint64_t one = 1;

    if (write(relay->wake, &one, sizeof(one)) < 0)
        g_warning("relay: eventfd");
}

int gs_relay_create(const struct gs_relay_params *params, struct gs_relay **ret)
{
    struct gs_relay *relay = g_new0(struct gs_relay, 1);
    int err = 0;

    pthread_mutex_init(&relay->lock, NULL);
    g_queue_init(&relay->queue);
    relay->rand = g_rand_new_with_seed((guint32)(params->seed ^ params->seed >> 32));
    relay->params = *params;
    relay->server = (struct sockaddr_in){.sin_family = AF_INET,
                                         .sin_addr = {htonl(INADDR_LOOPBACK)},
                                         .sin_port = htons(params->server_port)};
    relay->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    relay->near = open_socket(&relay->port);
    relay->far = open_socket(NULL);
    if (relay->wake < 0 || relay->near < 0 || relay->far < 0)
        err = relay->near < 0 ? relay->near : relay->far < 0 ? relay->far : -EMFILE;
    if (err) {
        gs_relay_destroy(relay);
        return err;
    }
    relay->thread = g_thread_new("relay", run, relay);
    *ret = relay;
    return 0;
}

void gs_relay_destroy(struct gs_relay *relay)
{
    const int fds[] = {relay ? relay->wake : -1, relay ? relay->near : -1, relay ? relay->far : -1};

    if (!relay)
        return;
    if (relay->thread) {
        atomic_store(&relay->stop, true);
        wake(relay);
        g_thread_join(relay->thread);
    }
    for (unsigned i = 0; i < GS_ARRAY_SIZE(fds); i++)
        if (fds[i] >= 0)
            close(fds[i]);
    g_queue_clear_full(&relay->queue, g_free);
    g_rand_free(relay->rand);
    pthread_mutex_destroy(&relay->lock);
    g_free(relay);
}

uint16_t gs_relay_port(const struct gs_relay *relay)
{
    return relay->port;
}

void gs_relay_set_params(struct gs_relay *relay, const struct gs_relay_params *params)
{
    pthread_mutex_lock(&relay->lock);
    relay->params = *params;
    pthread_mutex_unlock(&relay->lock);
}

int gs_relay_rebind(struct gs_relay *relay)
{
    int fd = open_socket(NULL), old;

    if (fd < 0)
        return fd;
    pthread_mutex_lock(&relay->lock);
    old = relay->far;
    relay->far = fd;
    pthread_mutex_unlock(&relay->lock);
    wake(relay);
    close(old);
    return 0;
}

int gs_relay_inject(struct gs_relay *relay, enum gs_relay_direction dir, const void *data,
                    size_t size)
{
    int err;

    pthread_mutex_lock(&relay->lock);
    err = forward(relay, dir, data, size);
    pthread_mutex_unlock(&relay->lock);
    return err;
}

void gs_relay_get_stats(struct gs_relay *relay, struct gs_relay_stats *ret)
{
    pthread_mutex_lock(&relay->lock);
    *ret = relay->stats;
    pthread_mutex_unlock(&relay->lock);
}
