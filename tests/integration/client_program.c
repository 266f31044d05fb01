/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/integration/client_program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "tests/support/session_run.h"

struct gs_fake_host *client_create_host(struct gs_fake_host_params params)
{
    struct gs_fake_host *host;

    assert_int_equal(gs_fake_host_create(&params, &host), 0);
    return host;
}

struct gs_process client_start(const char *url, const char *const *args)
{
    g_autofree char *program = gs_program_path("gpushare-client");
    const char *argv[20] = {program, url};
    struct gs_process p;
    size_t n = url ? 2 : 1;

    for (; args && *args; args++) {
        assert_true(n + 1 < GS_ARRAY_SIZE(argv));
        argv[n++] = *args;
    }
    assert_int_equal(gs_process_start(argv, NULL, &p), 0);
    return p;
}

void client_check_said(struct gs_process *p, int status, int expected, const char *text)
{
    g_autofree char *said = gs_process_stderr(p);

    if (status != expected || (text && !strstr(said, text)))
        fail_msg("status %d instead of %d, or no “%s” in: %s", status, expected, text ? text : "",
                 said);
    gs_process_finish(p);
}

void client_expect(const char *url, const char *const *args, int status, const char *text)
{
    struct gs_process p = client_start(url, args);

    client_check_said(&p, gs_process_wait(&p, GS_PROCESS_DEADLINE_MS), status, text);
}

void client_run(struct gs_fake_host *host, const char *const *args, int status, const char *text)
{
    g_autofree char *url = gs_fake_host_url(host, false);
    struct gs_process p = client_start(url, args);

    client_check_said(&p, gs_fake_host_run_program(host, &p), status, text);
}

const struct gs_input *client_find_input(const struct gs_fake_host *host, enum gs_input_kind kind,
                                         uint16_t code, uint8_t pressed)
{
    const GArray *inputs = gs_fake_host_inputs(host);

    for (guint i = 0; i < inputs->len; i++) {
        const struct gs_input *in = &g_array_index(inputs, struct gs_input, i);

        if (in->kind == kind && in->code == code && in->state == pressed)
            return in;
    }
    fail_msg("no input of kind %d, code %u, state %u", kind, code, pressed);
    return NULL;
}
