/* Locks of a region's file, which the system keeps and ends with the process: so they say what no file can
 * say of itself.
 *
 * The lock of the whole file (flock) is had by who opens it, or comes to be a member, for that long.  As it is of
 * the open file, children of one process would all have it together: who joins has one of its second byte before, which
 * is of the process.  A lock
 * of its first byte, shared by all who have the region, is held for as long as they do; it is of the open
 * file, which the child of a fork has, too.  Where nobody holds it nobody has the region, whatever the table
 * of members says: one that tells of processes that live was written to have other things in it believed. */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

#include "base/futex.h"
#include "base/sys.h"
#include "region/region.h"

enum { OPEN_WAITS = 10000, WAIT_NS = 1000000 };

/* Waits for who has it, but not for ever. */
bool region_lock_file(const gc_region *r, int file)
{
    for (int i = 0; i < OPEN_WAITS; i++) {
        if (syscall(SYS_flock, file, LOCK_EX | LOCK_NB) == 0)
            return true;
        if (errno != EWOULDBLOCK && errno != EINTR)
            break;
        futex_rest(WAIT_NS);
    }
    return region_fail(EBUSY, "%s: somebody is opening it, or holds its lock", r->name) ==
           0;
}

void region_unlock_file(int file)
{
    syscall(SYS_flock, file, LOCK_UN);
}

static bool lock_second_byte(int file, short type)
{
    struct flock second = {
        .l_type = type, .l_whence = SEEK_SET, .l_start = 1, .l_len = 1};
    return syscall(SYS_fcntl, file, F_SETLK, &second) == 0;
}

/* Waits for its brothers, but not for ever. */
static bool lock_out_brothers(const gc_region *r, int file)
{
    for (int i = 0; i < OPEN_WAITS; i++) {
        if (lock_second_byte(file, F_WRLCK))
            return true;
        if (errno != EACCES && errno != EAGAIN && errno != EINTR)
            return true; /* a file system without such locks */
        futex_rest(WAIT_NS);
    }
    return region_fail(EBUSY, "%s: another process joins, and goes on", r->name) == 0;
}

bool region_lock_to_join(const gc_region *r, int file)
{
    if (!lock_out_brothers(r, file))
        return false;
    if (region_lock_file(r, file))
        return true;
    lock_second_byte(file, F_UNLCK);
    return false;
}

void region_unlock_joined(int file)
{
    region_unlock_file(file);
    lock_second_byte(file, F_UNLCK);
}

/* A file system without such locks leaves the table of members to be believed. */
bool region_is_claimed(int file)
{
    struct flock first = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
    return syscall(SYS_fcntl, file, F_OFD_GETLK, &first) != 0 || first.l_type != F_UNLCK;
}

void region_claim(int file)
{
    struct flock first = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_len = 1};
    syscall(SYS_fcntl, file, F_OFD_SETLK, &first);
}
