/* Regions by their names: in shared memory, or in the files of a path. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/sys.h"
#include "region/region.h"

enum { NAME_BYTES = 300 };

/* The path of a region; shared memory has its own folder, as shm_open(3) says. */
static bool path_of(const char *name, unsigned flags, char path[NAME_BYTES])
{
    bool file = flags & GC_REGION_FILE;
    if (!name || !*name || strlen(name) >= NAME_BYTES - 16)
        return region_fail(EINVAL,
                           "a region's name is neither empty nor over %d bytes long",
                           NAME_BYTES - 16) == 0;
    if (!file && (*name != '/' || !name[1] || strchr(name + 1, '/')))
        return region_fail(
                   EINVAL,
                   "%s: shared memory has a name such as /cache; a file needs the "
                   "flag GC_REGION_FILE",
                   name) == 0;
    snprintf(path, NAME_BYTES, "%s%s", file ? "" : "/dev/shm", name);
    return true;
}

/* Shared memory is found below /dev/shm, which has a path as files have. */
int region_open_file(const char *name, unsigned flags, int how, mode_t mode)
{
    char path[NAME_BYTES];
    if (!path_of(name, flags, path))
        return -1;
    how |= O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    int file = (int)syscall(SYS_openat, AT_FDCWD, path, how, mode);
    return file >= 0 ? file : region_fail(errno, "%s: %s", name, strerror(errno));
}

int gc_region_unlink(const char *name, unsigned flags)
{
    char path[NAME_BYTES];
    if (!path_of(name, flags, path))
        return -1;
    if (syscall(SYS_unlinkat, AT_FDCWD, path, 0) != 0)
        return region_fail(errno, "%s: %s", name, strerror(errno));
    return 0;
}
