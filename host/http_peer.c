/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is at the other end of a connection, and how one is turned away. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "common/log.h"
#include "host/http_module.h"

#define GROUPS_MAX 65536 /* of a process: NGROUPS_MAX of Linux */

/* SO_PEERGROUPS: what the process has, which asks no directory service. */
static void get_groups(struct gs_http_peer *peer, int fd)
{
    socklen_t size = 64 * sizeof(gid_t);
    gid_t *groups = g_malloc(size);
    int err = getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size);

    if (err < 0 && errno == ERANGE && size <= GROUPS_MAX * sizeof(gid_t)) {
        groups = g_realloc(groups, size);
        err = getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size);
    }
    if (err < 0) {
        g_free(groups);
        return;
    }
    peer->groups = groups;
    peer->n_groups = (unsigned)(size / sizeof(gid_t));
}

void gs_http_peer_init(struct gs_http_peer *peer, GSocket *socket)
{
    int fd = g_socket_get_fd(socket);
    struct ucred cred;
    socklen_t size = sizeof(cred);

    memset(peer, 0, sizeof(*peer));
    if (g_socket_get_family(socket) != G_SOCKET_FAMILY_UNIX ||
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size) < 0 || size != sizeof(cred))
        return;
    peer->known = true;
    peer->uid = cred.uid;
    peer->gid = cred.gid;
    get_groups(peer, fd);
}

void gs_http_peer_finish(struct gs_http_peer *peer)
{
    g_free(peer->groups);
}

static const struct {
    unsigned status;
    const char *phrase, *code, *message;
} errors[] = {
    {400, "Bad Request", "malformed", "this is not a request of HTTP/1.1"},
    {408, "Request Timeout", "timeout", "the request was not complete in time"},
    {413, "Content Too Large", "too-large", "the body of the request is too large"},
    {429, "Too Many Requests", "limit", "too many connections are open; close some, or wait"},
    {431, "Request Header Fields Too Large", "too-large", "the head of the request is too large"},
    {501, "Not Implemented", "malformed", "of transfer codings only chunked is understood"},
};

char *gs_http_error_body(unsigned status)
{
    size_t i = GS_ARRAY_SIZE(errors);

    while (--i > 0 && errors[i].status != status)
        ;
    return g_strdup_printf("{\"v\":1,\"error\":{\"code\":\"%s\",\"message\":\"%s\"}}\n",
                           errors[i].code, errors[i].message);
}

static const char *phrase_of(unsigned status)
{
    for (size_t i = 0; i < GS_ARRAY_SIZE(errors); i++) {
        if (errors[i].status == status)
            return errors[i].phrase;
    }
    return "Error";
}

void gs_http_refuse(GSocket *socket, unsigned status)
{
    g_autofree char *body = gs_http_error_body(status);
    g_autofree char *answer = g_strdup_printf("HTTP/1.1 %u %s\r\nContent-Type: application/json\r\n"
                                              "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
                                              status, phrase_of(status), strlen(body), body);

    /* It fits into an empty buffer; whoever cannot take it, does not get it. */
    if (g_socket_send(socket, answer, strlen(answer), NULL, NULL) < 0)
        gs_debug("a refusal could not be sent");
    g_socket_shutdown(socket, TRUE, TRUE, NULL);
}
