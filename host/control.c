/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The socket, who asks, and to which route a request goes. */
#include "host/control.h"

#include <errno.h>
#include <gio/gunixsocketaddress.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "host/control_call.h"
#include "host/control_request.h"

#define NAMES_KEPT 1000
#define GROUP_KEPT_US (60 * G_USEC_PER_SEC)

static const struct gs_http_limits limits = {
    .body = 65536,
    .queue = 1048576,
    .connections = 512,
    .connections_a_uid = 64,
    .request_ms = 10000,
    .answer_ms = 30000,
};

/* ---- the socket ---- */

/* Also where its queue is full. */
static bool somebody_listens(GSocketAddress *address)
{
    g_autoptr(GSocket) probe =
        g_socket_new(G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, NULL);
    g_autoptr(GError) error = NULL;

    if (!probe)
        return false;
    g_socket_set_blocking(probe, FALSE);
    return g_socket_connect(probe, address, NULL, &error) ||
           g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK) ||
           g_error_matches(error, G_IO_ERROR, G_IO_ERROR_PENDING);
}

static int bind_and_listen(GSocket *socket, GSocketAddress *address, const char *path)
{
    g_autoptr(GError) error = NULL;

    if (!g_socket_bind(socket, address, FALSE, &error) || !g_socket_listen(socket, &error)) {
        gs_error("cannot listen on %s: %s", path, error->message);
        return -EACCES;
    }
    /* Rights come from the credentials of who connects. */
    if (chmod(path, 0666) < 0) {
        gs_error("cannot open %s to other users: %s", path, g_strerror(errno));
        return -errno;
    }
    return 0;
}

int gs_control_listen(const char *path, GSocket **ret)
{
    g_autoptr(GSocketAddress) address = NULL;
    g_autoptr(GSocket) socket = NULL;
    int err;

    if (strlen(path) >= 108) {
        gs_error("%s: the path of a socket has at most 107 bytes; set runtime-dir", path);
        return -ENAMETOOLONG;
    }
    address = g_unix_socket_address_new(path);
    if (somebody_listens(address)) {
        gs_error("%s: another gpushare-host listens there", path);
        return -EADDRINUSE;
    }
    if (unlink(path) < 0 && errno != ENOENT) {
        gs_error("cannot replace %s: %s", path, g_strerror(errno));
        return -errno;
    }
    socket =
        g_socket_new(G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, NULL);
    if (!socket)
        return -EMFILE;
    g_socket_set_listen_backlog(socket, SOMAXCONN);
    err = bind_and_listen(socket, address, path);
    if (!err)
        *ret = g_steal_pointer(&socket);
    return err;
}

/* ---- who asks ---- */

/* Kept, because a directory service may take its time. */
static const char *user_name(struct gs_control *c, uid_t uid)
{
    const char *known = g_hash_table_lookup(c->names, GUINT_TO_POINTER(uid));
    struct passwd entry, *found = NULL;
    char buf[4096], *name;

    if (known)
        return known;
    if (g_hash_table_size(c->names) >= NAMES_KEPT)
        g_hash_table_remove_all(c->names);
    if (getpwuid_r(uid, &entry, buf, sizeof(buf), &found) == 0 && found)
        name = g_strdup(found->pw_name);
    else
        name = g_strdup_printf("%u", uid);
    g_hash_table_insert(c->names, GUINT_TO_POINTER(uid), name);
    return name;
}

/* Kept for a while for the same reason. */
static gid_t admin_gid(struct gs_control *c)
{
    const char *name = gs_sessions_config(c->params.sessions)->admin_group;
    gint64 now = g_get_monotonic_time();

    if (c->admin_gid_until > now && strcmp(name, c->admin_group) == 0)
        return c->admin_gid;
    g_strlcpy(c->admin_group, name, sizeof(c->admin_group));
    c->admin_gid = gs_control_group(name);
    c->admin_gid_until = now + GROUP_KEPT_US;
    return c->admin_gid;
}

gid_t gs_control_group(const char *name)
{
    struct group entry, *found = NULL;
    char buf[16384];

    if (name[0] && getgrnam_r(name, &entry, buf, sizeof(buf), &found) == 0 && found)
        return found->gr_gid;
    return GS_CONTROL_NO_GROUP;
}

bool gs_control_is_in_group(const struct gs_http_peer *peer, gid_t gid)
{
    if (gid == GS_CONTROL_NO_GROUP)
        return false;
    for (unsigned i = 0; i < peer->n_groups; i++) {
        if (peer->groups[i] == gid)
            return true;
    }
    return peer->gid == gid;
}

static void identify(struct gs_control *c, const struct gs_http_peer *peer, struct gs_caller *ret)
{
    ret->uid = peer->uid;
    ret->admin =
        peer->uid == 0 || peer->uid == geteuid() || gs_control_is_in_group(peer, admin_gid(c));
    g_strlcpy(ret->user, user_name(c, peer->uid), sizeof(ret->user));
}

/* ---- what is asked ---- */

/* NULL with the methods that there are in *ret_allowed; those NULL: there is no such path. */
static const struct gs_control_route *find_route(struct gs_control_call *call, const char *method,
                                                 char **ret_allowed)
{
    g_autoptr(GString) allowed = g_string_new(NULL);
    const char *args[GS_PATH_SEGMENTS];

    for (const struct gs_control_route *r = gs_control_routes; r->method; r++) {
        if (!gs_control_path_match(&call->path, r->path, args))
            continue;
        memcpy(call->args, args, sizeof(args));
        if (strcmp(r->method, method) == 0)
            return r;
        g_string_append_printf(allowed, "%s%s", allowed->len ? ", " : "", r->method);
    }
    if (allowed->len)
        *ret_allowed = g_strdup(allowed->str);
    return NULL;
}

static bool is_json(const char *type)
{
    return type[0] == '\0' || g_ascii_strcasecmp(type, "application/json") == 0;
}

/* Parses what the route takes; false: it was refused. */
static bool read_request(struct gs_control_call *call, const struct gs_http_request *request)
{
    const char *unknown;
    char *why = NULL;
    int err = gs_control_query_parse(request->query, &call->query, &why);

    unknown = err ? NULL : gs_control_query_unknown(&call->query, call->route->params);
    if (unknown)
        why = g_strdup_printf("there is no parameter '%s' here", unknown);
    else if (!err && request->body_size > 0 && !call->route->body)
        why = g_strdup("this request takes no body");
    if (!why && request->body_size > 0 && !is_json(request->content_type)) {
        gs_control_refuse(call, 415, "type", "send the body as Content-Type: application/json");
        return false;
    }
    if (!why && call->route->body && request->body_size > 0)
        err = gs_control_body_parse(request->body, request->body_size, &call->body, &why);
    else if (!why && call->route->body)
        call->body = json_object();
    if (!why)
        return true;
    gs_control_refuse_errno(call, -EINVAL, why);
    return false;
}

static void run(struct gs_control_call *call, const struct gs_http_request *request)
{
    g_autofree char *allowed = NULL;

    call->route = find_route(call, request->method, &allowed);
    if (allowed) {
        call->control->http->set_header(call->x, "Allow", allowed);
        gs_control_refuse(call, 405, "method", "%s is not possible here; there are: %s",
                          request->method, allowed);
    } else if (!call->route)
        gs_control_refuse(call, 404, "not-found", "there is no %s; GET /v1 lists what there is",
                          request->path);
    else if (call->route->admin && !call->caller.admin)
        gs_control_refuse(call, 403, "forbidden",
                          "only administrators may do this: root, or members of the group %s",
                          gs_sessions_config(call->control->params.sessions)->admin_group);
    else if (read_request(call, request))
        call->route->run(call);
}

static void on_gone(void *user)
{
    struct gs_control_call *call = user;

    call->x = NULL;
    if (call->gone)
        call->gone(call);
}

static void on_request(void *user, struct gs_http_exchange *x,
                       const struct gs_http_request *request)
{
    struct gs_control_call *call = g_new0(struct gs_control_call, 1);
    struct gs_control *c = user;
    char *why = NULL;
    int err;

    call->control = c;
    call->x = x;
    call->peer = request->peer;
    call->link.data = call;
    g_queue_push_tail_link(&c->calls, &call->link);
    c->http->on_gone(x, on_gone, call);
    if (!request->peer->known) {
        gs_control_refuse(call, 403, "forbidden", "the system does not say who asks");
        return;
    }
    identify(c, request->peer, &call->caller);
    err = gs_control_path_parse(request->path, &call->path, &why);
    if (err == -EINVAL)
        gs_control_refuse_errno(call, err, why);
    else
        run(call, request);
}

/* ---- the whole ---- */

int gs_control_create(const struct gs_control_params *params, struct gs_control **ret)
{
    struct gs_http_params http = {
        .socket = params->socket, .limits = limits, .request = on_request};
    g_autofree char *why = NULL;
    struct gs_control *c = g_new0(struct gs_control, 1);

    c->http = gs_http_load(&why);
    if (!c->http) {
        gs_error("no administration: %s", why);
        g_free(c);
        return -ENOENT;
    }
    c->params = *params;
    c->names = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    g_queue_init(&c->calls);
    http.user = c;
    c->server = c->http->server_create(&http);
    *ret = c;
    return 0;
}

void gs_control_destroy(struct gs_control *c)
{
    if (!c)
        return;
    c->http->server_destroy(c->server);
    while (c->calls.head) {
        struct gs_control_call *call = c->calls.head->data;

        call->x = NULL;
        if (call->gone) {
            call->gone(call);
        } else {
            g_queue_unlink(&c->calls, &call->link);
            call->control = NULL;
        }
    }
    g_hash_table_unref(c->names);
    g_free(c);
}
