/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/admit.h"

#include <glib.h>

bool gs_admit(struct gs_tickets *tickets, const struct gs_hello *hello, uint64_t now,
              struct gs_client_open *ret, struct gs_refusal *ret_refusal,
              struct gs_ticket_pass *ret_pass)
{
    struct gs_client_open open = {.hello = *hello};
    struct gs_ticket_pass pass;
    enum gs_ticket_verdict verdict =
        gs_tickets_redeem(tickets, hello->session, hello->ticket, now, &pass);

    if (verdict != GS_TICKET_OK) {
        ret_refusal->reason = gs_ticket_verdict_text(verdict);
        ret_refusal->wrong_ticket = verdict == GS_TICKET_UNKNOWN;
        return false;
    }
    open.view = pass.view || hello->view;
    if (pass.resume) {
        g_strlcpy(open.resume, hello->ticket, sizeof(open.resume));
    } else if (gs_tickets_issue_resume(tickets, hello->session, open.view, open.resume) < 0) {
        ret_refusal->reason = "the system of the host gives no random numbers";
        return false;
    }
    *ret = open;
    if (ret_pass)
        *ret_pass = pass;
    return true;
}
