/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/keyframes.h"

#include "common/clock.h"
#include "common/macros.h"

#define BETWEEN_GRANTS (2 * GS_NS_PER_S)
#define AFTER_ANY GS_NS_PER_S

void gs_keyframes_ask(struct gs_keyframes *k, uint64_t now)
{
    k->asked = now;
}

uint64_t gs_keyframes_due(const struct gs_keyframes *k, uint64_t sent)
{
    if (!k->asked || sent > k->asked)
        return UINT64_MAX;
    return GS_MAX(k->granted ? k->granted + BETWEEN_GRANTS : 0, sent ? sent + AFTER_ANY : 0);
}

bool gs_keyframes_take(struct gs_keyframes *k, uint64_t sent, uint64_t now)
{
    if (now < gs_keyframes_due(k, sent))
        return false;
    k->asked = 0;
    k->granted = now;
    return true;
}
