/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "host/tickets.h"

static struct gs_tickets *tickets;
static char ticket[GS_PROTO_TICKET_MAX];

static void setup_ticket(uint32_t uses, uint64_t expires_ns)
{
    gs_tickets_destroy(tickets);
    tickets = gs_tickets_create();
    assert_int_equal(gs_tickets_issue(tickets, "app", uses, expires_ns, ticket), 0);
}

static enum gs_ticket_verdict redeem(const char *session, const char *text, uint64_t now_ns)
{
    return gs_tickets_redeem(tickets, session, text, now_ns);
}

static void test_issue_form(void **state)
{
    char other[GS_PROTO_TICKET_MAX];

    (void)state;
    setup_ticket(0, 0);
    assert_int_equal(strlen(ticket), 32);
    assert_int_equal(strspn(ticket, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                    "0123456789-_"),
                     32);
    assert_int_equal(gs_tickets_issue(tickets, "app", 0, 0, other), 0);
    assert_string_not_equal(ticket, other);
}

static void test_redeem_any_number(void **state)
{
    (void)state;
    setup_ticket(0, 0);
    for (int i = 0; i < 100; i++)
        assert_int_equal(redeem("app", ticket, UINT64_MAX), GS_TICKET_OK);
}

static void test_redeem_used_up(void **state)
{
    (void)state;
    setup_ticket(2, 0);
    assert_int_equal(redeem("app", ticket, 0), GS_TICKET_OK);
    assert_int_equal(redeem("app", ticket, 0), GS_TICKET_OK);
    assert_int_equal(redeem("app", ticket, 0), GS_TICKET_USED_UP);
}

static void test_redeem_expired(void **state)
{
    (void)state;
    setup_ticket(1, 1000);
    assert_int_equal(redeem("app", ticket, 1000), GS_TICKET_EXPIRED);
    assert_int_equal(redeem("app", ticket, 999), GS_TICKET_OK); /* the try took no use */
}

static void test_redeem_unknown(void **state)
{
    char wrong[GS_PROTO_TICKET_MAX];

    (void)state;
    setup_ticket(0, 0);
    strcpy(wrong, ticket);
    wrong[31] = wrong[31] == 'A' ? 'B' : 'A';
    assert_int_equal(redeem("app", wrong, 0), GS_TICKET_UNKNOWN);
    assert_int_equal(redeem("app", "", 0), GS_TICKET_UNKNOWN);
    assert_int_equal(redeem("other", ticket, 0), GS_TICKET_UNKNOWN);
    assert_int_equal(redeem("other", wrong, 0), GS_TICKET_UNKNOWN);
}

static void test_forget_session(void **state)
{
    char other[GS_PROTO_TICKET_MAX];

    (void)state;
    setup_ticket(0, 0);
    assert_int_equal(gs_tickets_issue(tickets, "other", 0, 0, other), 0);
    gs_tickets_forget(tickets, "app");
    assert_int_equal(redeem("app", ticket, 0), GS_TICKET_UNKNOWN);
    assert_int_equal(redeem("other", other, 0), GS_TICKET_OK);
}

static void test_verdict_text(void **state)
{
    (void)state;
    assert_null(gs_ticket_verdict_text(GS_TICKET_OK));
    assert_non_null(gs_ticket_verdict_text(GS_TICKET_UNKNOWN));
    assert_non_null(strstr(gs_ticket_verdict_text(GS_TICKET_USED_UP), "used up"));
    assert_non_null(strstr(gs_ticket_verdict_text(GS_TICKET_EXPIRED), "expired"));
    gs_tickets_destroy(tickets);
    tickets = NULL;
    gs_tickets_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_issue_form),     cmocka_unit_test(test_redeem_any_number),
        cmocka_unit_test(test_redeem_used_up), cmocka_unit_test(test_redeem_expired),
        cmocka_unit_test(test_redeem_unknown), cmocka_unit_test(test_forget_session),
        cmocka_unit_test(test_verdict_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
