/* Numbers of files, compared with the file that they were taken for. */
#include "base/descriptor.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/bits.h"
#include "base/sys.h"

enum {
    OUT_OF_THE_WAY = 1000, /* few programs go through all numbers to here, or have them */
    MARGIN = 24,           /* below the limit, for others that move away, too */
};

void descriptor_take(struct descriptor *d, int number)
{
    struct stat now;
    int saved_errno = errno;
    __atomic_store_n(&d->number, -1, __ATOMIC_SEQ_CST);
    if (sys_stat_at(number, "", &now, AT_EMPTY_PATH) == 0) {
        __atomic_store_n(&d->device, now.st_dev, __ATOMIC_RELAXED);
        __atomic_store_n(&d->inode, now.st_ino, __ATOMIC_RELAXED);
        __atomic_store_n(&d->number, number, __ATOMIC_RELEASE);
    }
    errno = saved_errno;
}

int descriptor_move_away(int number)
{
    size_t limit = sys_limit(RLIMIT_NOFILE, 0);
    if (limit <= MARGIN)
        return number;
    int least = (int)min_size(limit - MARGIN, OUT_OF_THE_WAY);
    int moved = (int)syscall(SYS_fcntl, number, F_DUPFD_CLOEXEC, least);
    if (moved < 0)
        return number;
    sys_close(number);
    return moved;
}

int descriptor_number(const struct descriptor *d)
{
    struct stat now;
    int number = __atomic_load_n(&d->number, __ATOMIC_ACQUIRE);
    bool same = number >= 0 && sys_stat_at(number, "", &now, AT_EMPTY_PATH) == 0 &&
                now.st_dev == __atomic_load_n(&d->device, __ATOMIC_RELAXED) &&
                now.st_ino == __atomic_load_n(&d->inode, __ATOMIC_RELAXED);
    return same ? number : -1;
}

int descriptor_drop(struct descriptor *d)
{
    int number = descriptor_number(d);
    __atomic_store_n(&d->number, -1, __ATOMIC_SEQ_CST);
    return number;
}
