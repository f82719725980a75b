/* chroot, in front of the C library's: most programs that change their root leave /proc
 * behind, and with it the way to count the process's threads.  So a descriptor is opened
 * before, but not by a child of vfork, whose descriptors are not those of the process. */
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/proc.h"
#include "world/next.h"
#include "world/registry.h"
#include "world/signals.h"

LINKED(root);

EXPORTED int chroot(const char *path)
{
    __typeof__(&chroot) next = NEXT(chroot, NO_FALLBACK(chroot));
    /* Before the first use of the heap nobody knows whose threads these are. */
    if (registry_is_here() || !signals_are_installed())
        proc_keep();
    return next ? next(path) : (int)syscall(SYS_chroot, path);
}
