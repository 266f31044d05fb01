/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a fuzz target once for every file of the folders and files named on the command line. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    uint8_t *data;
    size_t size;
    struct stat st;

    if (!f || fstat(fileno(f), &st) < 0) {
        perror(path);
        return 1;
    }
    data = malloc((size_t)st.st_size + 1);
    size = fread(data, 1, (size_t)st.st_size, f);
    fclose(f);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    return 0;
}

static int replay(const char *path, unsigned *count)
{
    DIR *dir = opendir(path);
    struct dirent *e;
    int err = 0;

    if (!dir) {
        ++*count;
        return replay_file(path);
    }
    while ((e = readdir(dir))) {
        char name[4096];

        if (e->d_name[0] == '.')
            continue;
        snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
        err |= replay(name, count);
    }
    closedir(dir);
    return err;
}

int main(int argc, char **argv)
{
    unsigned count = 0;
    int err = 0;

    for (int i = 1; i < argc; i++)
        err |= replay(argv[i], &count);
    printf("%u seeds\n", count);
    return err || !count;
}
