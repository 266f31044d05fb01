/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/module.h"

#include <dlfcn.h>
#include <glib.h>
#include <string.h>

static char *module_path(const char *name)
{
    const char *dir = g_getenv("GPUSHARE_MODULES");
    g_autofree char *file = g_strdup_printf("gpushare-client-%s.so", name);
    g_autofree char *program = NULL, *bin = NULL;

    if (dir)
        return g_build_filename(dir, file, NULL);
    program = g_file_read_link("/proc/self/exe", NULL);
    bin = g_path_get_dirname(program ? program : ".");
    return g_build_filename(bin, "..", "libexec", "gpushare", file, NULL);
}

static enum gs_log_level log_level(void)
{
    enum gs_log_level level = GS_LOG_TRACE;

    while (level > GS_LOG_ERROR && !gs_log_enabled(level))
        level--;
    return level;
}

const void *gs_module_load(const char *name, char *why, size_t why_size)
{
    g_autofree char *path = module_path(name);
    const void *(*start)(enum gs_log_level) = NULL;
    void *module, *symbol;

    if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
        g_snprintf(why, why_size, "the module %s is not installed", name);
        return NULL;
    }
    /* Lazy: most of what the libraries behind it refer to is never called. */
    module = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
    symbol = module ? dlsym(module, "gs_module_start") : NULL;
    if (!symbol) {
        g_snprintf(why, why_size, "%s", dlerror());
        return NULL;
    }
    memcpy(&start, &symbol, sizeof(start));
    return start(log_level());
}
