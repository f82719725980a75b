/* chroot, in front of the C library's: most programs that change their root leave /proc behind, and
 * with it the way to count the process's threads.  So a descriptor is opened before.  Not by a child
 * of vfork, whose descriptors are not those of the process. */
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
    if (registry_is_here() ||
        !signals_are_installed()) /* before the first use nobody knows */
        proc_keep();
    return next ? next(path) : (int)syscall(SYS_chroot, path);
}
