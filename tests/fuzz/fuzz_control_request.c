/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/fuzz/fuzz.h"

#include <glib.h>
#include <string.h>

#include "host/control_request.h"

static void check_pairs(char **pairs)
{
    for (; *pairs; pairs++)
        assert(strchr(*pairs, '=') > *pairs);
}

static void check_ticket(const struct gs_ticket_request *t)
{
    assert(t->ttl_s >= -1 && t->ttl_s <= 366 * 86400 && t->uses <= INT32_MAX);
}

static void check_create(const json_t *body)
{
    struct gs_control_create c;
    g_autofree char *why = NULL;

    if (gs_control_create_parse(body, &c, &why) < 0) {
        assert(why && why[0]);
        return;
    }
    assert(!c.session.name[0] || gs_session_name_valid(c.session.name));
    assert(c.session.app[0] || c.session.argv[0]);
    check_pairs(c.session.env);
    check_pairs(c.session.settings);
    if (c.wants_ticket)
        check_ticket(&c.ticket);
    gs_control_create_finish(&c);
}

static void check_others(const json_t *body)
{
    struct gs_ticket_request ticket;
    g_autofree char *why = NULL, *why_not = NULL;
    char **settings;

    if (gs_control_ticket_parse(body, &ticket, &why) == 0)
        check_ticket(&ticket);
    else
        assert(why && why[0]);
    if (gs_control_set_parse(body, &settings, &why_not) == 0) {
        assert(settings[0]);
        check_pairs(settings);
        g_strfreev(settings);
    } else {
        assert(why_not && why_not[0]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *why = NULL;
    json_t *body;

    if (gs_control_body_parse((const char *)data, size, &body, &why) < 0) {
        assert(why && why[0]);
        return 0;
    }
    check_create(body);
    check_others(body);
    json_decref(body);
    return 0;
}
