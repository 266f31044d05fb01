/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/alloc_fail.h"

#include <dlfcn.h>
#include <errno.h>
#include <glib.h>
#include <link.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Whose allocations may fail, and from what size on; "" is this program. Small ones are of fixed
 * sizes, and libavutil aborts for them itself, as GLib does (an option's default that can't be
 * copied). Not libsrtp's: version 2.5 crashes when srtp_create gets none. */
static const struct {
    const char *library;
    size_t from;
} culprits[] = {{"", 0},
                {"libjansson", 0},
                {"libavutil", 1024},
                {"libavcodec", 1024},
                {"libavformat", 1024},
                {"libx264", 1024},
                {"libpng16", 1024},
                {"libz.", 1024}};

static atomic_uint countdown; /* 0: disarmed */
static atomic_bool happened;
static _Thread_local bool inside; /* dladdr and dlsym may allocate */

void gs_alloc_fail_arm(unsigned n)
{
    atomic_store(&happened, false);
    atomic_store(&countdown, n);
}

bool gs_alloc_fail_disarm(void)
{
    atomic_store(&countdown, 0);
    return atomic_load(&happened);
}

static bool is_culprit(const void *caller, size_t size)
{
    struct link_map *map = NULL;
    const char *name;
    Dl_info info;

    if (!dladdr1(caller, &info, (void **)&map, RTLD_DL_LINKMAP) || !map)
        return false;
    if (!*map->l_name)
        return true;
    name = strrchr(map->l_name, '/');
    name = name ? name + 1 : map->l_name;
    for (size_t i = 1; i < sizeof(culprits) / sizeof(culprits[0]); i++)
        if (g_str_has_prefix(name, culprits[i].library))
            return size >= culprits[i].from;
    return false;
}

static bool count_down(void)
{
    unsigned left = atomic_load(&countdown);

    while (left && !atomic_compare_exchange_weak(&countdown, &left, left - 1))
        ;
    if (left == 1)
        atomic_store(&happened, true);
    return left == 1;
}

static bool fails(const void *caller, size_t size)
{
    bool fail;

    if (!atomic_load(&countdown) || inside)
        return false;
    inside = true;
    fail = is_culprit(caller, size) && count_down();
    inside = false;
    if (fail)
        errno = ENOMEM;
    return fail;
}

static void *next(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

#define EXPORT __attribute__((visibility("default")))
#define NEXT(type, name)                                                                           \
    static type *real;                                                                             \
    if (!real)                                                                                     \
    real = (type *)(uintptr_t)next(name)

typedef void *malloc_fn(size_t);
typedef void *calloc_fn(size_t, size_t);
typedef void *realloc_fn(void *, size_t);
typedef void *aligned_fn(size_t, size_t);
typedef int posix_fn(void **, size_t, size_t);

EXPORT void *malloc(size_t size)
{
    NEXT(malloc_fn, "malloc");
    return fails(__builtin_return_address(0), size) ? NULL : real(size);
}

EXPORT void *calloc(size_t n, size_t size)
{
    NEXT(calloc_fn, "calloc");
    return fails(__builtin_return_address(0), n * size) ? NULL : real(n, size);
}

EXPORT void *realloc(void *old, size_t size)
{
    NEXT(realloc_fn, "realloc");
    return size && fails(__builtin_return_address(0), size) ? NULL : real(old, size);
}

EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
    NEXT(aligned_fn, "aligned_alloc");
    return fails(__builtin_return_address(0), size) ? NULL : real(alignment, size);
}

EXPORT void *memalign(size_t alignment, size_t size);
EXPORT void *memalign(size_t alignment, size_t size)
{
    NEXT(aligned_fn, "memalign");
    return fails(__builtin_return_address(0), size) ? NULL : real(alignment, size);
}

EXPORT int posix_memalign(void **ret, size_t alignment, size_t size)
{
    NEXT(posix_fn, "posix_memalign");
    return fails(__builtin_return_address(0), size) ? ENOMEM : real(ret, alignment, size);
}

/* ---- GLib's own that may return NULL ---- */

EXPORT gpointer g_try_malloc(gsize size)
{
    return fails(__builtin_return_address(0), size) ? NULL : g_malloc(size);
}

EXPORT gpointer g_try_malloc0(gsize size)
{
    return fails(__builtin_return_address(0), size) ? NULL : g_malloc0(size);
}

EXPORT gpointer g_try_malloc_n(gsize n, gsize size)
{
    return fails(__builtin_return_address(0), n * size) ? NULL : g_malloc_n(n, size);
}

EXPORT gpointer g_try_realloc(gpointer old, gsize size)
{
    return fails(__builtin_return_address(0), size) ? NULL : g_realloc(old, size);
}
