/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Preloaded into the programs: counts their allocations, those of their own code apart. GLib's
 * functions are counted where the program calls them, and once more as GLib's own. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <link.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/alloc_counter.h"

/* glibc's, under the names that are free. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static struct gs_alloc_counts nowhere, *counts = &nowhere;
static uintptr_t program_start, program_end;

static int find_program(struct dl_phdr_info *info, size_t size, void *user)
{
    (void)size;
    (void)user;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];

        if (p->p_type != PT_LOAD || !(p->p_flags & PF_X))
            continue;
        program_start = info->dlpi_addr + p->p_vaddr;
        program_end = program_start + p->p_memsz;
    }
    return 1; /* the first is the program */
}

__attribute__((constructor)) static void start(void)
{
    const char *dir = getenv("GS_ALLOC_DIR");
    char path[512];
    void *map;
    int fd;

    if (!dir || strncmp(program_invocation_short_name, "gpushare-", 9) != 0)
        return;
    snprintf(path, sizeof(path), "%s/%s", dir, program_invocation_short_name);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, sizeof(*counts)) < 0)
        abort();
    map = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (map == MAP_FAILED)
        abort();
    dl_iterate_phdr(find_program, NULL);
    counts = map;
}

static bool is_own(void *caller)
{
    return (uintptr_t)caller >= program_start && (uintptr_t)caller < program_end;
}

/* From here on everything stands in for what it is called like. */
#pragma GCC visibility push(default)

#define COUNT()                                                                                    \
    do {                                                                                           \
        counts->all++;                                                                             \
        counts->own += is_own(__builtin_return_address(0));                                        \
    } while (0)

void *malloc(size_t size)
{
    COUNT();
    return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    COUNT();
    return __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
    COUNT();
    return __libc_realloc(p, size);
}

void *memalign(size_t alignment, size_t size)
{
    COUNT();
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    COUNT();
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **ret, size_t alignment, size_t size)
{
    COUNT();
    *ret = __libc_memalign(alignment, size);
    return *ret ? 0 : ENOMEM;
}

/* GLib's, called by the program. Those that take no count are built on malloc and calloc alone. */
#undef g_malloc
#undef g_malloc0

gpointer g_malloc(gsize size)
{
    void *p = size ? __libc_malloc(size) : NULL;

    COUNT();
    if (size && !p)
        abort();
    return p;
}

gpointer g_malloc0(gsize size)
{
    void *p = size ? __libc_calloc(1, size) : NULL;

    COUNT();
    if (size && !p)
        abort();
    return p;
}

gpointer g_realloc(gpointer old, gsize size)
{
    void *p = size ? __libc_realloc(old, size) : NULL;

    COUNT();
    if (!size)
        free(old);
    else if (!p)
        abort();
    return p;
}

gpointer g_try_malloc(gsize size)
{
    COUNT();
    return size ? __libc_malloc(size) : NULL;
}

gpointer g_try_malloc_n(gsize n, gsize size)
{
    COUNT();
    if (!n || !size || n > SIZE_MAX / size)
        return NULL;
    return __libc_malloc(n * size);
}

int sendmmsg(int fd, struct mmsghdr *messages, unsigned n, int flags)
{
    static int (*real)(int, struct mmsghdr *, unsigned, int);

    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "sendmmsg");
    counts->frames++;
    return real(fd, messages, n, flags);
}

#pragma GCC visibility pop
