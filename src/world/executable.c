#include "world/executable.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

bool executable_at(int directory, const char *path, int flags)
{
    struct stat s;
    if (syscall(SYS_newfstatat, directory, path, &s, flags) != 0 || !S_ISREG(s.st_mode))
        return false;
    return *path ? syscall(SYS_faccessat, directory, path, X_OK) == 0
                 : s.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH);
}

/* In the folder, whose name is so long; an empty one is the present folder. */
static bool is_in(const char *folder, size_t length, const char *file)
{
    char path[PATH_MAX];
    if (length + 1 + strlen(file) >= sizeof path)
        return false;
    memcpy(path, folder, length);
    path[length] = '/';
    strcpy(path + length + (length > 0), file);
    return executable_at(AT_FDCWD, path, 0);
}

bool executable_in_path(const char *file)
{
    const char *folders = getenv("PATH");
    if (strchr(file, '/'))
        return executable_at(AT_FDCWD, file, 0);
    for (const char *at = folders ? folders : "/bin:/usr/bin";; at++) {
        size_t length = strcspn(at, ":");
        if (*file && is_in(at, length, file))
            return true;
        at += length;
        if (!*at)
            return false;
    }
}
