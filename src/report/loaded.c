#include "report/loaded.h"

#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/os.h"

/* The program headers are in its first page. */
static bool is_program(const void *base)
{
    uintptr_t headers = (uintptr_t)getauxval(AT_PHDR);
    return headers && align_down(headers, os_page_bytes()) == (uintptr_t)base;
}

/* NULL where the system does not tell. */
static const char *program_path(void)
{
    static char path[PATH_MAX] PRIVATE_DATA;
    if (!path[0] &&
        syscall(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", path, sizeof path - 1) < 0)
        return NULL;
    return path;
}

bool loaded_find(const void *address, Dl_info *info)
{
    if (!dladdr(address, info))
        return false;
    const char *path = is_program(info->dli_fbase) ? program_path() : NULL;
    if (path)
        info->dli_fname = path;
    return true;
}
