/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which address of this machine others can reach. Any thread. */
#pragma once

/* The first address, numeric, of an interface that is up and not loopback; IPv4 before IPv6,
 * link-local ones never; 127.0.0.1 when there is none. The caller frees it with g_free. */
char *gs_address_of_this_machine(void);
