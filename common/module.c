/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/module.h"

#include <dlfcn.h>
#include <glib.h>
#include <string.h>

static char *in_program_dir(const char *file)
{
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *dir = g_path_get_dirname(program ? program : ".");
    char *path = g_build_filename(dir, file, NULL);

    if (g_file_test(path, G_FILE_TEST_EXISTS))
        return path;
    g_free(path);
    return g_build_filename(dir, "..", "libexec", "gpushare", file, NULL);
}

static char *module_path(const char *name)
{
    g_autofree char *file = g_strconcat(name, ".so", NULL);
    const char *dir = g_getenv("GPUSHARE_MODULES");

    return dir ? g_build_filename(dir, file, NULL) : in_program_dir(file);
}

const void *gs_module_load(const char *name, char *why, size_t why_size)
{
    g_autofree char *path = module_path(name);
    const void *(*start)(const struct gs_log_context *) = NULL;
    struct gs_log_context log;
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
    gs_log_get_context(&log);
    return start(&log);
}
