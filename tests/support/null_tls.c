/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/null_tls.h"

#include <gio/gio.h>
#include <string.h>

#include "common/proto.h"

/* ---- the certificate ---- */

typedef struct {
    GTlsCertificate parent;
} NullCertificate;

typedef struct {
    GTlsCertificateClass parent;
} NullCertificateClass;

static GType null_certificate_get_type(void);
G_DEFINE_TYPE(NullCertificate, null_certificate, G_TYPE_TLS_CERTIFICATE)

static void certificate_get(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
    (void)object;
    (void)id;
    if (strcmp(spec->name, "certificate") == 0) {
        GByteArray *der = g_byte_array_new();

        g_byte_array_append(der, (const guint8 *)GS_NULL_TLS_DER, strlen(GS_NULL_TLS_DER));
        g_value_take_boxed(value, der);
    }
}

static void certificate_set(GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
    (void)object;
    (void)id;
    (void)value;
    (void)spec;
}

static void override_all(GObjectClass *class, const char *const *names)
{
    for (guint i = 0; names[i]; i++)
        g_object_class_override_property(class, i + 1, names[i]);
}

static void null_certificate_class_init(NullCertificateClass *class)
{
    static const char *const names[] = {"certificate",     "certificate-pem", "private-key",
                                        "private-key-pem", "issuer",          NULL};

    G_OBJECT_CLASS(class)->get_property = certificate_get;
    G_OBJECT_CLASS(class)->set_property = certificate_set;
    override_all(G_OBJECT_CLASS(class), names);
}

static void null_certificate_init(NullCertificate *cert)
{
    (void)cert;
}

/* ---- the connection ---- */

typedef struct {
    GTlsConnection parent;
    GIOStream *base;
    GTlsCertificate *peer;
} NullConnection;

typedef struct {
    GTlsConnectionClass parent;
} NullConnectionClass;

static gboolean init_now(GInitable *initable, GCancellable *cancellable, GError **error)
{
    (void)initable;
    (void)cancellable;
    (void)error;
    return TRUE;
}

static void initable_init(GInitableIface *iface)
{
    iface->init = init_now;
}

static GType null_connection_get_type(void);
G_DEFINE_TYPE_WITH_CODE(NullConnection, null_connection, G_TYPE_TLS_CONNECTION,
                        G_IMPLEMENT_INTERFACE(G_TYPE_INITABLE, initable_init))

static NullConnection *self_of(void *object)
{
    return object;
}

static void connection_get(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
    (void)id;
    if (strcmp(spec->name, "base-io-stream") == 0)
        g_value_set_object(value, self_of(object)->base);
    else if (strcmp(spec->name, "peer-certificate") == 0)
        g_value_set_object(value, self_of(object)->peer); /* GIO lends what it gets here */
    else if (strcmp(spec->name, "protocol-version") == 0)
        g_value_set_enum(value, G_TLS_PROTOCOL_VERSION_TLS_1_3);
}

static void connection_set(GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
    (void)id;
    if (strcmp(spec->name, "base-io-stream") == 0)
        self_of(object)->base = g_value_dup_object(value);
}

static void connection_finalize(GObject *object)
{
    g_clear_object(&self_of(object)->base);
    g_clear_object(&self_of(object)->peer);
    G_OBJECT_CLASS(null_connection_parent_class)->finalize(object);
}

static void shake_async(GTlsConnection *tls, int priority, GCancellable *cancellable,
                        GAsyncReadyCallback done, gpointer user)
{
    GTask *task = g_task_new(tls, cancellable, done, user);

    (void)priority;
    g_task_return_boolean(task, TRUE);
    g_object_unref(task);
}

static gboolean shake_finish(GTlsConnection *tls, GAsyncResult *result, GError **error)
{
    (void)tls;
    return g_task_propagate_boolean(G_TASK(result), error);
}

static const char *negotiated(GTlsConnection *tls)
{
    (void)tls;
    return GS_PROTO_ALPN;
}

static GInputStream *input(GIOStream *stream)
{
    return g_io_stream_get_input_stream(self_of(stream)->base);
}

static GOutputStream *output(GIOStream *stream)
{
    return g_io_stream_get_output_stream(self_of(stream)->base);
}

static gboolean close_it(GIOStream *stream, GCancellable *cancellable, GError **error)
{
    return g_io_stream_close(self_of(stream)->base, cancellable, error);
}

static void null_connection_class_init(NullConnectionClass *class)
{
    static const char *const names[] = {"base-io-stream",
                                        "require-close-notify",
                                        "rehandshake-mode",
                                        "use-system-certdb",
                                        "database",
                                        "certificate",
                                        "interaction",
                                        "peer-certificate",
                                        "peer-certificate-errors",
                                        "advertised-protocols",
                                        "negotiated-protocol",
                                        "protocol-version",
                                        "ciphersuite-name",
                                        NULL};

    G_OBJECT_CLASS(class)->get_property = connection_get;
    G_OBJECT_CLASS(class)->set_property = connection_set;
    G_OBJECT_CLASS(class)->finalize = connection_finalize;
    G_IO_STREAM_CLASS(class)->get_input_stream = input;
    G_IO_STREAM_CLASS(class)->get_output_stream = output;
    G_IO_STREAM_CLASS(class)->close_fn = close_it;
    G_TLS_CONNECTION_CLASS(class)->handshake_async = shake_async;
    G_TLS_CONNECTION_CLASS(class)->handshake_finish = shake_finish;
    G_TLS_CONNECTION_CLASS(class)->get_negotiated_protocol = negotiated;
    override_all(G_OBJECT_CLASS(class), names);
}

static void null_connection_init(NullConnection *tls)
{
    tls->peer = g_object_new(null_certificate_get_type(), NULL);
}

/* ---- the backend ---- */

typedef struct {
    GObject parent;
} NullBackend;

typedef struct {
    GObjectClass parent;
} NullBackendClass;

static gboolean supports_tls(GTlsBackend *backend)
{
    (void)backend;
    return TRUE;
}

static void backend_init(GTlsBackendInterface *iface)
{
    iface->supports_tls = supports_tls;
    iface->get_certificate_type = null_certificate_get_type;
    iface->get_client_connection_type = null_connection_get_type;
    iface->get_server_connection_type = null_connection_get_type;
}

static GType null_backend_get_type(void);
G_DEFINE_TYPE_WITH_CODE(NullBackend, null_backend, G_TYPE_OBJECT,
                        G_IMPLEMENT_INTERFACE(G_TYPE_TLS_BACKEND, backend_init))

static void null_backend_class_init(NullBackendClass *class)
{
    (void)class;
}

static void null_backend_init(NullBackend *backend)
{
    (void)backend;
}

void gs_null_tls_install(void)
{
    GIOExtensionPoint *point = g_io_extension_point_register(G_TLS_BACKEND_EXTENSION_POINT_NAME);

    g_io_extension_point_set_required_type(point, G_TYPE_TLS_BACKEND);
    g_io_extension_point_implement(G_TLS_BACKEND_EXTENSION_POINT_NAME, null_backend_get_type(),
                                   "null", 1000);
}
