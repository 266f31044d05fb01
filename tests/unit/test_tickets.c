/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <glib.h>
#include <string.h>

#include "host/tickets.h"

#define NOW 1000

static struct gs_tickets *tickets;
static char ticket[GS_PROTO_TICKET_MAX], id[GS_TICKET_ID_SIZE];

static void setup_ticket(uint32_t uses, uint64_t expires, bool view)
{
    const struct gs_ticket_terms terms = {uses, expires, view};

    gs_tickets_destroy(tickets);
    tickets = gs_tickets_create();
    assert_int_equal(gs_tickets_issue(tickets, "app", &terms, NOW, id, ticket), 0);
}

static int teardown(void **state)
{
    (void)state;
    gs_tickets_destroy(tickets);
    tickets = NULL;
    return 0;
}

static enum gs_ticket_verdict redeem(const char *session, const char *text, uint64_t now)
{
    struct gs_ticket_pass pass;

    return gs_tickets_redeem(tickets, session, text, now, &pass);
}

static void test_issue_form(void **state)
{
    const struct gs_ticket_terms terms = {0};
    char other[GS_PROTO_TICKET_MAX], other_id[GS_TICKET_ID_SIZE];

    (void)state;
    setup_ticket(0, 0, false);
    assert_int_equal(strlen(ticket), 32);
    assert_int_equal(strspn(ticket, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                    "0123456789-_"),
                     32);
    assert_int_equal(gs_tickets_issue(tickets, "app", &terms, NOW, other_id, other), 0);
    assert_string_not_equal(ticket, other);
    assert_string_not_equal(id, other_id);
    assert_null(strstr(ticket, id));
}

static void test_issue_too_many(void **state)
{
    const struct gs_ticket_terms forever = {0}, once = {.uses = 1};
    char text[GS_PROTO_TICKET_MAX], single[GS_PROTO_TICKET_MAX];

    (void)state;
    setup_ticket(0, 0, false);
    assert_int_equal(gs_tickets_issue(tickets, "app", &once, NOW, NULL, single), 0);
    for (int i = 2; i < GS_TICKETS_PER_SESSION; i++)
        assert_int_equal(gs_tickets_issue(tickets, "app", &forever, NOW, NULL, text), 0);
    assert_int_equal(gs_tickets_issue(tickets, "app", &forever, NOW, NULL, text), -EDQUOT);
    assert_int_equal(gs_tickets_issue(tickets, "other", &forever, NOW, NULL, text), 0);
    /* One that opens nothing any more gives way. */
    assert_int_equal(redeem("app", single, NOW), GS_TICKET_OK);
    assert_int_equal(gs_tickets_issue(tickets, "app", &forever, NOW, NULL, text), 0);
    assert_int_equal(redeem("app", single, NOW), GS_TICKET_UNKNOWN);
    assert_int_equal(redeem("app", ticket, NOW), GS_TICKET_OK);
}

static void test_redeem_any_number(void **state)
{
    (void)state;
    setup_ticket(0, 0, false);
    for (int i = 0; i < 100; i++)
        assert_int_equal(redeem("app", ticket, UINT64_MAX), GS_TICKET_OK);
}

static void test_redeem_used_up(void **state)
{
    (void)state;
    setup_ticket(2, 0, false);
    assert_int_equal(redeem("app", ticket, NOW), GS_TICKET_OK);
    assert_int_equal(redeem("app", ticket, NOW), GS_TICKET_OK);
    assert_int_equal(redeem("app", ticket, NOW), GS_TICKET_USED_UP);
}

static void test_redeem_expired(void **state)
{
    (void)state;
    setup_ticket(1, NOW + 10, false);
    assert_int_equal(redeem("app", ticket, NOW + 10), GS_TICKET_EXPIRED);
    assert_int_equal(redeem("app", ticket, NOW + 9), GS_TICKET_OK); /* the try took no use */
}

static void test_redeem_unknown(void **state)
{
    char wrong[GS_PROTO_TICKET_MAX];

    (void)state;
    setup_ticket(0, 0, false);
    strcpy(wrong, ticket);
    wrong[31] = wrong[31] == 'A' ? 'B' : 'A';
    assert_int_equal(redeem("app", wrong, NOW), GS_TICKET_UNKNOWN);
    assert_int_equal(redeem("app", "", NOW), GS_TICKET_UNKNOWN);
    assert_int_equal(redeem("app", id, NOW), GS_TICKET_UNKNOWN);
    assert_int_equal(redeem("other", ticket, NOW), GS_TICKET_UNKNOWN);
    assert_int_equal(redeem("other", wrong, NOW), GS_TICKET_UNKNOWN);
}

static void test_redeem_tells_what_it_opens(void **state)
{
    struct gs_ticket_pass pass;

    (void)state;
    setup_ticket(0, 0, true);
    assert_int_equal(gs_tickets_redeem(tickets, "app", ticket, NOW, &pass), GS_TICKET_OK);
    assert_true(pass.view && !pass.resume && !pass.taken);
    setup_ticket(1, 0, false);
    assert_int_equal(gs_tickets_redeem(tickets, "app", ticket, NOW, &pass), GS_TICKET_OK);
    assert_true(!pass.view && !pass.resume && pass.taken);
}

static void test_revoke(void **state)
{
    const struct gs_ticket_terms terms = {0};
    char second[GS_PROTO_TICKET_MAX], third[GS_PROTO_TICKET_MAX], other[GS_PROTO_TICKET_MAX];

    (void)state;
    setup_ticket(0, 0, false);
    assert_int_equal(gs_tickets_issue(tickets, "app", &terms, NOW, NULL, second), 0);
    assert_int_equal(gs_tickets_issue(tickets, "app", &terms, NOW, NULL, third), 0);
    assert_int_equal(gs_tickets_issue(tickets, "other", &terms, NOW, NULL, other), 0);
    assert_int_equal(gs_tickets_revoke(tickets, "app", "nonsense"), -ENOENT);
    assert_int_equal(gs_tickets_revoke(tickets, "other", id), -ENOENT);
    assert_int_equal(gs_tickets_revoke(tickets, "app", id), 0);
    assert_int_equal(gs_tickets_revoke(tickets, "app", id), -ENOENT);
    assert_int_equal(redeem("app", ticket, NOW), GS_TICKET_UNKNOWN);
    assert_int_equal(redeem("app", second, NOW), GS_TICKET_OK);
    assert_int_equal(gs_tickets_revoke(tickets, "app", "all"), 0);
    assert_int_equal(redeem("app", second, NOW), GS_TICKET_UNKNOWN);
    assert_int_equal(redeem("app", third, NOW), GS_TICKET_UNKNOWN);
    assert_int_equal(redeem("other", other, NOW), GS_TICKET_OK);
    assert_int_equal(gs_tickets_revoke(tickets, "app", "all"), 0);
}

/* What one owner kept lets clients in at the next one. */
static void test_list_and_add(void **state)
{
    struct gs_tickets *next = gs_tickets_create();
    struct gs_ticket_pass pass;
    struct gs_ticket *list;
    unsigned n;

    (void)state;
    setup_ticket(2, NOW + 50, true);
    assert_int_equal(redeem("app", ticket, NOW), GS_TICKET_OK);
    list = gs_tickets_list(tickets, "app", &n);
    assert_int_equal(n, 1);
    assert_string_equal(list[0].id, id);
    assert_true(list[0].view && list[0].limited && gs_ticket_is_good(&list[0], NOW));
    assert_false(gs_ticket_is_good(&list[0], NOW + 50));
    assert_int_equal(list[0].uses_left, 1);
    assert_int_equal(list[0].created, NOW);
    gs_tickets_add(next, "app", &list[0]);
    assert_int_equal(gs_tickets_redeem(next, "app", ticket, NOW, &pass), GS_TICKET_OK);
    assert_true(pass.view);
    assert_int_equal(gs_tickets_redeem(next, "app", ticket, NOW, &pass), GS_TICKET_USED_UP);
    gs_tickets_destroy(next);
    g_free(list);
    g_free(gs_tickets_list(tickets, "other", &n));
    assert_int_equal(n, 0);
}

static void test_resume_until_forgotten(void **state)
{
    struct gs_ticket_pass pass;
    char resume[GS_PROTO_TICKET_MAX];
    unsigned n;

    (void)state;
    setup_ticket(1, 0, false);
    assert_int_equal(gs_tickets_issue_resume(tickets, "app", true, resume), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(gs_tickets_redeem(tickets, "app", resume, NOW, &pass), GS_TICKET_OK);
        assert_true(pass.resume && pass.view && !pass.taken);
        gs_tickets_release(tickets, "app", resume, NOW + 60);
        gs_tickets_sweep(tickets, NOW + 59);
    }
    g_free(gs_tickets_list(tickets, "app", &n));
    assert_int_equal(n, 1); /* not among those that are listed, nor revoked with them */
    assert_int_equal(gs_tickets_revoke(tickets, "app", "all"), 0);
    assert_int_equal(redeem("other", resume, NOW), GS_TICKET_UNKNOWN);
    assert_int_equal(redeem("app", resume, NOW + 59), GS_TICKET_OK);
    gs_tickets_sweep(tickets, NOW + 1000); /* its client is in again */
    assert_int_equal(redeem("app", resume, NOW + 1000), GS_TICKET_OK);
    gs_tickets_release(tickets, "app", resume, NOW + 1060);
    assert_int_equal(redeem("app", resume, NOW + 1060), GS_TICKET_EXPIRED);
    gs_tickets_sweep(tickets, NOW + 1060);
    assert_int_equal(redeem("app", resume, NOW), GS_TICKET_UNKNOWN);
}

static void test_resume_too_many(void **state)
{
    char kept[GS_PROTO_TICKET_MAX], leaving[GS_PROTO_TICKET_MAX], text[GS_PROTO_TICKET_MAX];

    (void)state;
    setup_ticket(0, 0, false);
    assert_int_equal(gs_tickets_issue_resume(tickets, "app", false, kept), 0);
    assert_int_equal(gs_tickets_issue_resume(tickets, "app", false, leaving), 0);
    gs_tickets_release(tickets, "app", leaving, NOW + 60);
    for (int i = 2; i <= GS_TICKETS_PER_SESSION; i++)
        assert_int_equal(gs_tickets_issue_resume(tickets, "app", false, text), 0);
    assert_int_equal(redeem("app", leaving, NOW), GS_TICKET_UNKNOWN);
    assert_int_equal(redeem("app", kept, NOW), GS_TICKET_OK);
    assert_int_equal(gs_tickets_issue_resume(tickets, "app", false, text), 0);
    assert_int_equal(redeem("app", kept, NOW), GS_TICKET_UNKNOWN);
    assert_int_equal(redeem("app", ticket, NOW), GS_TICKET_OK);
}

static void test_forget_session(void **state)
{
    const struct gs_ticket_terms terms = {0};
    char other[GS_PROTO_TICKET_MAX], resume[GS_PROTO_TICKET_MAX];

    (void)state;
    setup_ticket(0, 0, false);
    assert_int_equal(gs_tickets_issue(tickets, "other", &terms, NOW, NULL, other), 0);
    assert_int_equal(gs_tickets_issue_resume(tickets, "app", false, resume), 0);
    gs_tickets_forget(tickets, "app");
    assert_int_equal(redeem("app", ticket, NOW), GS_TICKET_UNKNOWN);
    assert_int_equal(redeem("app", resume, NOW), GS_TICKET_UNKNOWN);
    assert_int_equal(redeem("other", other, NOW), GS_TICKET_OK);
}

static void test_verdict_text(void **state)
{
    (void)state;
    assert_null(gs_ticket_verdict_text(GS_TICKET_OK));
    assert_non_null(gs_ticket_verdict_text(GS_TICKET_UNKNOWN));
    assert_non_null(strstr(gs_ticket_verdict_text(GS_TICKET_USED_UP), "used up"));
    assert_non_null(strstr(gs_ticket_verdict_text(GS_TICKET_EXPIRED), "expired"));
    gs_tickets_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_issue_form),
        cmocka_unit_test(test_issue_too_many),
        cmocka_unit_test(test_redeem_any_number),
        cmocka_unit_test(test_redeem_used_up),
        cmocka_unit_test(test_redeem_expired),
        cmocka_unit_test(test_redeem_unknown),
        cmocka_unit_test(test_redeem_tells_what_it_opens),
        cmocka_unit_test(test_revoke),
        cmocka_unit_test(test_list_and_add),
        cmocka_unit_test(test_resume_until_forgotten),
        cmocka_unit_test(test_resume_too_many),
        cmocka_unit_test(test_forget_session),
        cmocka_unit_test(test_verdict_text),
    };

    return cmocka_run_group_tests(tests, NULL, teardown);
}
