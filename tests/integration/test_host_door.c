/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <gio/gio.h>
#include <gnutls/gnutls.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

#include "host/door.h"
#include "tests/integration/host_process.h"
#include "tests/support/control_client.h"

/* What comes in at the TLS port of a host, while a good client is served all the time. */

#define RUN "run --listen 127.0.0.1 --port 0 "

static struct host_process host;
static struct control_client *good;

static struct control_client *open_client(void)
{
    struct control_client *c = control_client_open(&host.url);

    assert_non_null(c);
    return c;
}

static struct control_client *enter(void)
{
    struct control_client *c = open_client();

    control_client_hello(c, host.url.session, host.url.ticket);
    assert_int_equal(control_client_next(c, NULL), GS_MSG_WELCOME);
    return c;
}

static void ping(struct control_client *c)
{
    GByteArray *pong = NULL;

    assert_int_equal(gs_channel_send(c->channel, GS_MSG_PING, "12345678", 8), 0);
    assert_int_equal(control_client_next(c, &pong), GS_MSG_PONG);
    assert_memory_equal(pong->data, "12345678", 8);
    g_byte_array_unref(pong);
}

static int start_with(const char *options)
{
    host_process_start(&host, options);
    host_process_wait_ready(&host);
    good = enter();
    return 0;
}

static int start(void **state)
{
    (void)state;
    return start_with(RUN "-- true echo");
}

/* A deadline that a test can wait for. */
static int start_impatient(void **state)
{
    (void)state;
    return start_with(RUN "--hello-timeout 300 -- true echo");
}

/* Whatever happened to others, the good client is still there, and hears of the end. */
static int stop(void **state)
{
    struct gs_bye bye;

    (void)state;
    ping(good);
    kill(host.pid, SIGTERM);
    assert_true(control_client_next_bye(good, GS_MSG_BYE, &bye));
    assert_int_equal(bye.status, 0);
    assert_true(control_client_wait_closed(good));
    control_client_close(good);
    assert_int_equal(host_process_wait(&host), 0);
    host_process_finish(&host);
    return 0;
}

static GSocket *open_tcp(void)
{
    g_autoptr(GSocketAddress) address =
        g_inet_socket_address_new_from_string(host.url.host, host.url.port);
    GSocket *sock =
        g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);

    assert_true(g_socket_connect(sock, address, NULL, NULL));
    g_socket_set_timeout(sock, 10);
    return sock;
}

static void assert_closed_by_host(GSocket *sock)
{
    char buf[256];
    gssize n;

    do {
        n = g_socket_receive(sock, buf, sizeof(buf), NULL, NULL);
    } while (n > 0); /* alerts of TLS */
    if (n < 0)
        assert_int_not_equal(g_socket_condition_check(sock, G_IO_HUP) & G_IO_HUP, 0);
    g_object_unref(sock);
}

static void assert_refused(struct control_client *c, const char *says)
{
    struct gs_bye bye;

    assert_true(control_client_next_bye(c, GS_MSG_ERROR, &bye));
    assert_int_equal(bye.status, 3);
    if (!strstr(bye.reason, says))
        fail_msg("it says '%s', not '%s'", bye.reason, says);
    assert_true(control_client_wait_closed(c));
    control_client_close(c);
}

static void try_ticket(const char *session, const char *ticket)
{
    struct control_client *c = open_client();

    control_client_hello(c, session, ticket);
    assert_refused(c, "there is no such session, or the ticket is wrong");
}

static void test_ticket_wrong_missing_or_of_another(void **state)
{
    (void)state;
    try_ticket(host.url.session, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    try_ticket(host.url.session, NULL);
    try_ticket("nobody", host.url.ticket);
    try_ticket("nobody", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
}

static void test_ticket_many_clients(void **state)
{
    struct control_client *other;

    (void)state;
    other = enter();
    ping(other);
    ping(good);
    control_client_close(other);
    ping(good);
}

static int start_single_use(void **state)
{
    (void)state;
    return start_with(RUN "--ticket-uses 1 -- true echo");
}

static void test_ticket_used_up(void **state)
{
    struct control_client *c = open_client();

    (void)state;
    control_client_hello(c, host.url.session, host.url.ticket);
    assert_refused(c, "used up");
}

static void test_hello_missing_or_malformed(void **state)
{
    struct control_client *c = open_client();

    (void)state;
    assert_int_equal(gs_channel_send(c->channel, GS_MSG_PING, "12345678", 8), 0);
    assert_refused(c, "hello");
    c = open_client();
    assert_int_equal(gs_channel_send(c->channel, GS_MSG_HELLO, "{}", 2), 0);
    assert_refused(c, "malformed");
    c = open_client();
    assert_int_equal(gs_channel_send(c->channel, GS_MSG_HELLO, "{\"v\":99}", 8), 0);
    assert_refused(c, "version");
}

static void test_hello_late(void **state)
{
    (void)state;
    assert_refused(open_client(), "in time");
}

static void test_garbage_instead_of_tls(void **state)
{
    static const char garbage[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    GSocket *sock = open_tcp();

    (void)state;
    assert_true(g_socket_send(sock, garbage, sizeof(garbage) - 1, NULL, NULL) > 0);
    assert_closed_by_host(sock);
}

static void test_silence(void **state)
{
    GSocket *silent = open_tcp();
    GSocket *halting = open_tcp();

    (void)state;
    assert_int_equal(g_socket_send(halting, "\x16\x03", 2, NULL, NULL), 2);
    assert_closed_by_host(silent);
    assert_closed_by_host(halting);
}

/* The frame's header as it would be sent, without the rest. */
static void announce(struct control_client *c, const char *header)
{
    assert_true(g_output_stream_write_all(g_io_stream_get_output_stream(c->tls), header, 5, NULL,
                                          NULL, NULL));
    assert_true(control_client_wait_closed(c));
    control_client_close(c);
}

static void test_frame_announced_too_large(void **state)
{
    (void)state;
    announce(open_client(), "\x40\0\0\0\x01");
    announce(open_client(), "\0\x01\0\x01\x01"); /* one more than is allowed before a ticket */
    announce(enter(), "\x40\0\0\0\x07");
    announce(enter(), "\0\x40\0\x01\x08");
}

static void test_message_that_clients_do_not_send(void **state)
{
    struct control_client *c = enter();

    (void)state;
    assert_int_equal(gs_channel_send(c->channel, GS_MSG_WELCOME, "{}", 2), 0);
    assert_refused(c, "do not send");
    c = enter();
    control_client_hello(c, host.url.session, host.url.ticket);
    assert_refused(c, "do not send");
}

/* Whether the host still answers after another 4 MiB. */
static bool survives_more(struct control_client *c)
{
    static const uint8_t text[GS_PROTO_MAX_HELLO];
    static const uint8_t time[8];

    for (int i = 0; i < 64 && !c->closed; i++) {
        if (gs_channel_send(c->channel, GS_MSG_KEYMAP, text, sizeof(text)) < 0)
            return false;
    }
    return gs_channel_send(c->channel, GS_MSG_PING, time, sizeof(time)) == 0 &&
           control_client_next(c, NULL) == GS_MSG_PONG;
}

static void test_message_flood(void **state)
{
    static uint8_t big[GS_PROTO_MAX_FRAME - 1];
    struct control_client *c = enter();
    unsigned rounds = 0;

    (void)state;
    assert_int_equal(gs_channel_send(c->channel, GS_MSG_KEYMAP, big, sizeof(big)), 0);
    assert_int_equal(gs_channel_send(c->channel, GS_MSG_KEYMAP, big, sizeof(big) / 2), 0);
    ping(c); /* this much is no flood */
    while (survives_more(c))
        assert_true(++rounds < 100);
    assert_true(control_client_wait_closed(c));
    control_client_close(c);
}

static void test_input_arrives_in_order(void **state)
{
    (void)state;
    for (char i = 0; i < 100; i++)
        assert_int_equal(gs_channel_send(good->channel, GS_MSG_INPUT, &i, 1), 0);
    for (char i = 0; i < 100; i++) {
        GByteArray *echo = NULL;

        assert_int_equal(control_client_next(good, &echo), GS_MSG_CURSOR);
        assert_int_equal(echo->len, 1);
        assert_int_equal(echo->data[0], i);
        g_byte_array_unref(echo);
    }
}

static void test_client_says_bye(void **state)
{
    struct control_client *c = enter();
    struct gs_bye bye;

    (void)state;
    assert_int_equal(gs_channel_send(c->channel, GS_MSG_BYE, "{}", 2), 0);
    assert_true(control_client_next_bye(c, GS_MSG_BYE, &bye));
    assert_string_equal(bye.reason, "said the fake worker");
    assert_true(control_client_wait_closed(c));
    assert_int_equal(c->err, 0);
    control_client_close(c);
}

static void test_too_many_waiting(void **state)
{
    GSocket *waiting[GS_DOOR_MAX_WAITING + 3];

    (void)state;
    for (size_t i = 0; i < GS_ARRAY_SIZE(waiting); i++)
        waiting[i] = open_tcp();
    /* The oldest gave way, and do so for one that has something to say. */
    for (size_t i = 0; i < 3; i++)
        assert_closed_by_host(waiting[i]);
    ping(good);
    control_client_close(enter());
    for (size_t i = 3; i < GS_ARRAY_SIZE(waiting); i++)
        g_object_unref(waiting[i]);
}

/* Ten of them are answered at once. From then on they wait, and right ones do not. */
static void test_ticket_guessing(void **state)
{
    struct control_client *c;

    (void)state;
    for (int i = 0; i < GS_DOOR_WRONG_MAX; i++) {
        c = open_client();
        control_client_hello(c, host.url.session, "a-guess");
        assert_refused(c, "the ticket is wrong");
    }
    c = open_client();
    control_client_hello(c, host.url.session, "a-guess");
    control_client_close(enter());
    ping(good);
    assert_true(g_queue_is_empty(&c->frames) && !c->closed);
    control_client_close(c);
}

/* A handshake with these versions and, where wanted, our ALPN. Returns GnuTLS's result. */
static int shake_hands(const char *priority, bool alpn, bool *ret_read)
{
    const gnutls_datum_t protocol = {(unsigned char *)GS_PROTO_ALPN, sizeof(GS_PROTO_ALPN) - 1};
    g_autoptr(GSocket) sock = open_tcp();
    gnutls_certificate_credentials_t credentials;
    gnutls_session_t session;
    char byte;
    int err;

    assert_int_equal(gnutls_certificate_allocate_credentials(&credentials), 0);
    assert_int_equal(gnutls_init(&session, GNUTLS_CLIENT | GNUTLS_NO_SIGNAL), 0);
    assert_int_equal(gnutls_priority_set_direct(session, priority, NULL), 0);
    gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials);
    if (alpn)
        gnutls_alpn_set_protocols(session, &protocol, 1, 0);
    g_socket_set_blocking(sock, TRUE);
    gnutls_transport_set_int(session, g_socket_get_fd(sock));
    do {
        err = gnutls_handshake(session);
    } while (err == GNUTLS_E_AGAIN || err == GNUTLS_E_INTERRUPTED);
    if (err == 0) {
        gssize n;

        /* Session tickets of TLS come before what we wait for. */
        do {
            n = gnutls_record_recv(session, &byte, 1);
        } while (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED);
        *ret_read = n > 0;
    }
    gnutls_deinit(session);
    gnutls_certificate_free_credentials(credentials);
    return err;
}

static void test_tls_versions(void **state)
{
    bool heard = false;

    (void)state;
    /* Waits for the hello deadline's message, which shows that the harness works. */
    assert_int_equal(shake_hands("NORMAL:-VERS-ALL:+VERS-TLS1.3", true, &heard), 0);
    assert_true(heard);
    assert_int_not_equal(shake_hands("NORMAL:-VERS-ALL:+VERS-TLS1.2", true, &heard), 0);
    assert_int_equal(shake_hands("NORMAL:-VERS-ALL:+VERS-TLS1.3", false, &heard), 0);
    assert_false(heard);
}

static void test_fingerprint_is_that_of_the_url(void **state)
{
    struct gs_url other = host.url;

    (void)state;
    other.fingerprint[0] ^= 1;
    assert_null(control_client_open(&other));
}

#define WITH(setup, test) cmocka_unit_test_setup_teardown(test, setup, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(start, test_ticket_wrong_missing_or_of_another),
        WITH(start, test_ticket_many_clients),
        WITH(start_single_use, test_ticket_used_up),
        WITH(start, test_hello_missing_or_malformed),
        WITH(start_impatient, test_hello_late),
        WITH(start, test_garbage_instead_of_tls),
        WITH(start_impatient, test_silence),
        WITH(start, test_frame_announced_too_large),
        WITH(start, test_message_that_clients_do_not_send),
        WITH(start, test_message_flood),
        WITH(start, test_input_arrives_in_order),
        WITH(start, test_client_says_bye),
        WITH(start, test_too_many_waiting),
        WITH(start, test_ticket_guessing),
        WITH(start_impatient, test_tls_versions),
        WITH(start, test_fingerprint_is_that_of_the_url),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
