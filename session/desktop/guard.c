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
static bool installed;
static uintptr_t page_size;
static struct sigaction old_action;

/* Should libwayland have put its handler above ours, it removes it for what it does not know and
 * raises the signal anew: returning then repeats the access, and brings us the real thing. */
static bool raised_by_libwayland(const siginfo_t *info)
{
    return info->si_code == SI_TKILL && info->si_pid == getpid();
}

static void handle_sigbus(int sig, siginfo_t *info, void *context)
{
    uintptr_t page = (uintptr_t)info->si_addr & ~(page_size - 1);

    if (guard_last && raised_by_libwayland(info))
        return;
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

/* Once, for it would be two system calls a frame. At the first access, so that it comes to lie
 * above libwayland's, which is installed just before, when the pool is opened for reading. */
static void install(void)
{
    struct sigaction action = {.sa_sigaction = handle_sigbus, .sa_flags = SA_SIGINFO | SA_NODEFER};
    struct sigaction before;

    page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, &before);
    if (before.sa_sigaction != handle_sigbus)
        old_action = before;
    installed = true;
}

void gs_guard_init(void)
{
    installed = false;
}

void gs_guard_begin(const void *data, size_t size)
{
    if (!installed)
        install();
    guard_hit = false;
    guard_first = (uintptr_t)data & ~(page_size - 1);
    guard_last = ((uintptr_t)data + size - 1) & ~(page_size - 1);
}

bool gs_guard_end(void)
{
    guard_last = 0;
    return guard_hit;
}
