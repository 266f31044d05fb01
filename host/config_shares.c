/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/config_shares.h"

#include <glib.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>

#include "common/log.h"
#include "host/config_keys.h"

#define GROUPS_MAX 1024 /* of one user */

bool gs_config_share_name_valid(const char *name)
{
    return *name && strlen(name) < sizeof(((struct gs_share *)0)->name) && !strpbrk(name, " \t/:");
}

static struct gs_share *find(const struct gs_host_config *c, const char *name, bool group)
{
    for (unsigned i = 0; i < c->n_shares; i++) {
        if (c->shares[i].group == group && strcmp(c->shares[i].name, name) == 0)
            return &c->shares[i];
    }
    return NULL;
}

struct gs_share *gs_config_share_find_or_add(struct gs_host_config *c, const char *name, bool group)
{
    struct gs_share *share = find(c, name, group);
    g_autofree char *why = NULL;

    if (share)
        return share;
    c->shares = g_renew(struct gs_share, c->shares, c->n_shares + 1);
    share = &c->shares[c->n_shares++];
    *share = (struct gs_share){.group = group};
    g_strlcpy(share->name, name, sizeof(share->name));
    if (gs_config_key_read(gs_share_keys, gs_share_keys->fallback, share, &why) < 0)
        g_error("%s", why);
    return share;
}

void gs_config_shares_warn(const struct gs_host_config *c)
{
    for (unsigned i = 0; i < c->n_shares; i++) {
        const struct gs_share *share = &c->shares[i];

        if (share->group ? !getgrnam(share->name) : !getpwnam(share->name))
            gs_warn("[%s %s]: there is no such %s now; this section counts for nobody",
                    share->group ? "group" : "user", share->name, share->group ? "group" : "user");
    }
}

static bool is_in(const gid_t *groups, int n, const char *name)
{
    const struct group *gr = getgrnam(name);

    for (int i = 0; gr && i < n; i++) {
        if (groups[i] == gr->gr_gid)
            return true;
    }
    return false;
}

const struct gs_share *gs_host_config_share(const struct gs_host_config *c, const char *user)
{
    const struct gs_share *own = find(c, user, false);
    const struct passwd *pw = own || c->n_shares == 0 ? NULL : getpwnam(user);
    gid_t groups[GROUPS_MAX];
    int n = GROUPS_MAX;

    if (!pw || getgrouplist(user, pw->pw_gid, groups, &n) < 0)
        return own;
    for (unsigned i = 0; i < c->n_shares; i++) {
        if (c->shares[i].group && is_in(groups, n, c->shares[i].name))
            return &c->shares[i];
    }
    return NULL;
}
