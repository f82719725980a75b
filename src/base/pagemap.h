/* The call PAGEMAP_SCAN of Linux 6.7, which tells what the kernel knows of the pages of a range; headers
 * may be older.  The file is /proc/self/pagemap. */
#ifndef GCALLOC_BASE_PAGEMAP_H
#define GCALLOC_BASE_PAGEMAP_H

#include <stdint.h>
#include <sys/ioctl.h>

#include "base/sys.h"

enum pagemap_category {
    PAGE_WRITTEN = 1 << 1, /* since it was protected; so is a page that never was */
    PAGE_PRESENT = 1 << 3,
    PAGE_SWAPPED = 1 << 4,
    PAGE_ZERO = 1 << 5, /* the page that all untouched pages share once they are read */
};

enum pagemap_flag {
    PAGEMAP_PROTECT = 1 << 0, /* what is found, in the same step */
    PAGEMAP_REFUSE = 1 << 1,  /* where writes are not noted, rather than leave it out */
};

struct pagemap_part {
    uint64_t start, end, categories;
};

/* Pages of [start, end) are looked for that are of each category in all_of and of one in any_of;
 * those in `inverted` they are not to be of.  `count` parts at most are stored; walk_end is where
 * the search has come to. */
struct pagemap_scan {
    uint64_t size, flags, start, end, walk_end, parts, count, pages_most;
    uint64_t inverted, all_of, any_of, told;
};

/* Returns the number of parts, or -1 with errno set. */
INLINE long pagemap_scan(int file, struct pagemap_scan *s)
{
    s->size = sizeof *s;
    return syscall(SYS_ioctl, file, _IOWR('f', 16, struct pagemap_scan), s);
}

#endif
