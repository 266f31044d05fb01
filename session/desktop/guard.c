/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading shared memory of a client survives that the client truncates the file meanwhile.
 * libwayland guards pools the same way, but only on the thread that began the access and only as
 * long as the wl_buffer lives; a buffer may be destroyed while it is still shown.
 */
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "session/desktop/desktop.h"

static _Atomic uintptr_t guard_first, guard_last; /* page addresses; 0: no access */
static atomic_bool guard_hit;
static uintptr_t page_size;
static struct sigaction old_action;

static void handle_sigbus(int sig, siginfo_t *info, void *context)
{
    uintptr_t page = (uintptr_t)info->si_addr & ~(page_size - 1);

    if (info->si_code > 0 && guard_last && page >= guard_first && page <= guard_last &&
        mmap((void *)page, page_size, PROT_READ, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0) !=
            MAP_FAILED) {
        guard_hit = true;
        return;
    }
    if (old_action.sa_flags & SA_SIGINFO) {
        old_action.sa_sigaction(sig, info, context);
    } else if (old_action.sa_handler != SIG_DFL && old_action.sa_handler != SIG_IGN) {
        old_action.sa_handler(sig);
    } else {
        /* Returning repeats the access, which now ends the process with the right cause. */
        signal(sig, SIG_DFL);
    }
}

void gs_guard_begin(const void *data, size_t size)
{
    struct sigaction action = {.sa_sigaction = handle_sigbus, .sa_flags = SA_SIGINFO | SA_NODEFER};

    page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
    guard_hit = false;
    guard_first = (uintptr_t)data & ~(page_size - 1);
    guard_last = ((uintptr_t)data + size - 1) & ~(page_size - 1);
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, &old_action);
}

bool gs_guard_end(void)
{
    sigaction(SIGBUS, &old_action, NULL);
    guard_last = 0;
    return guard_hit;
}
