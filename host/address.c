/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/address.h"

#include <gio/gio.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>

static GInetAddress *address_of(const struct ifaddrs *i, int family)
{
    const void *bytes = family == AF_INET
                            ? (const void *)&((const struct sockaddr_in *)i->ifa_addr)->sin_addr
                            : (const void *)&((const struct sockaddr_in6 *)i->ifa_addr)->sin6_addr;

    return g_inet_address_new_from_bytes(bytes, (GSocketFamily)family);
}

static char *first_of_family(const struct ifaddrs *list, int family)
{
    for (const struct ifaddrs *i = list; i; i = i->ifa_next) {
        g_autoptr(GInetAddress) address = NULL;

        if (!i->ifa_addr || i->ifa_addr->sa_family != family || !(i->ifa_flags & IFF_UP))
            continue;
        address = address_of(i, family);
        if (!g_inet_address_get_is_loopback(address) && !g_inet_address_get_is_link_local(address))
            return g_inet_address_to_string(address);
    }
    return NULL;
}

char *gs_address_of_this_machine(void)
{
    struct ifaddrs *list = NULL;
    char *found;

    if (getifaddrs(&list) < 0)
        return g_strdup("127.0.0.1");
    found = first_of_family(list, AF_INET);
    found = found ? found : first_of_family(list, AF_INET6);
    freeifaddrs(list);
    return found ? found : g_strdup("127.0.0.1");
}
