/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the program's exit status tells, whatever the verb. */
#pragma once

enum gs_exit_status {
    GS_EXIT_DONE = 0,
    GS_EXIT_FAILED = 1,
    GS_EXIT_USAGE = 2,
    GS_EXIT_REFUSED = 3, /* admission, permission */
    GS_EXIT_NOT_REACHABLE = 4,
};
