/* What becomes of single pages in memory that is committed, and what the kernel tells of them.
 * Reserving and giving back is os.c's. */
#include <errno.h>
#include <sys/ioctl.h>
#include <sys/sysinfo.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/os.h"
#include "base/pagemap.h"
#include "base/proc.h"
#include "base/sys.h"

bool os_renew(void *address, size_t bytes)
{
    return !os_refused() && sys_map(address, bytes, PROT_READ | PROT_WRITE,
                                    MAP_NORESERVE | MAP_FIXED) == address;
}

/* ---- Which pages are there --------------------------------------------------------- */

enum {
    PARTS_MOST = 32, /* parts of one call, which lie on the stack */
    ENTRIES = 256,   /* entries of pages that are read at once, on the stack too */
    ANSWERS = 2048,  /* bytes that tell of a page each, likewise */
};

bool os_copy(void *to, uintptr_t from, size_t bytes)
{
    struct iovec here = {to, bytes}, there = {(void *)from, bytes};
    int saved_errno = errno;
    long copied = syscall(SYS_process_vm_readv, getpid(), &here, 1L, &there, 1L, 0L);
    errno = saved_errno;
    return copied == (long)bytes;
}

int os_pages_open(void)
{
    int saved_errno = errno;
    int file = proc_open("thread-self/pagemap", 0);
    errno = saved_errno;
    return file;
}

void os_pages_close(int file)
{
    if (file >= 0)
        sys_close(file);
}

void os_pages_want(uintptr_t low, uintptr_t high)
{
    int saved_errno = errno;
    sys_advise((void *)low, high - low, MADV_WILLNEED);
    errno = saved_errno;
}

static size_t all_is_there(uintptr_t *low, uintptr_t high, struct os_part *parts)
{
    parts[0] = (struct os_part){*low, high};
    *low = high;
    return 1;
}

/* Asks the kernel by one call.  Returns false if it has no such call. */
static bool scan(int file, uintptr_t *low, uintptr_t high, struct os_part *parts,
                 size_t most, size_t *count)
{
    struct pagemap_part found[PARTS_MOST] = {0}; /* valgrind does not know who fills it */
    struct pagemap_scan s = {
        .start = *low,
        .end = high,
        .parts = (uintptr_t)found,
        .count = min_size(most, PARTS_MOST),
        .inverted = PAGE_ZERO,
        .all_of = PAGE_ZERO,
        .any_of = PAGE_PRESENT | PAGE_SWAPPED,
        .told = PAGE_PRESENT,
    };
    long n = pagemap_scan(file, &s);
    if (n < 0 || n > PARTS_MOST || s.walk_end <= *low)
        return false;
    for (long i = 0; i < n; i++)
        parts[i] = (struct os_part){found[i].start, found[i].end};
    *count = (size_t)n;
    *low = s.walk_end;
    return true;
}

/* Whether a page is there, by its entry: bit 63 says that it is, bit 62 that it is in
 * swap space. */
static bool is_there(uint64_t entry)
{
    return entry >> 62 != 0;
}

/* Adds a page that is there: it continues the last part, or begins another one.  Returns
 * false if there is no room. */
static bool add_page(struct os_part *parts, size_t most, size_t *count, uintptr_t at,
                     size_t page)
{
    if (*count > 0 && parts[*count - 1].high == at) {
        parts[*count - 1].high = at + page;
        return true;
    }
    if (*count == most)
        return false;
    parts[(*count)++] = (struct os_part){at, at + page};
    return true;
}

static bool read_entries(int file, uintptr_t *low, uintptr_t high, struct os_part *parts,
                         size_t most, size_t *count)
{
    uint64_t entries[ENTRIES];
    size_t page = os_page_bytes();
    for (*count = 0; *low < high;) {
        size_t wanted = min_size((high - *low) / page, ENTRIES);
        long n = syscall(SYS_pread64, file, entries, wanted * sizeof *entries,
                         (off_t)(*low / page * sizeof *entries));
        if (n < (long)sizeof *entries)
            return false;
        for (size_t i = 0; i < (size_t)n / sizeof *entries; i++, *low += page)
            if (is_there(entries[i]) && !add_page(parts, most, count, *low, page))
                return true;
    }
    return true;
}

size_t os_pages_find(int file, uintptr_t *low, uintptr_t high, struct os_part *parts,
                     size_t most)
{
    size_t count, page = os_page_bytes();
    uintptr_t from = *low;
    int saved_errno = errno;
    bool aligned = *low % page == 0 && high % page == 0;
    bool told = file >= 0 && aligned &&
                (scan(file, low, high, parts, most, &count) ||
                 read_entries(file, low, high, parts, most, &count));
    errno = saved_errno;
    if (told)
        return count;
    *low = from;
    return all_is_there(low, high, parts);
}

size_t os_pages_cached(uintptr_t *low, uintptr_t high, struct os_part *parts, size_t most)
{
    unsigned char answers[ANSWERS] = {0};
    size_t count = 0, page = os_page_bytes();
    int saved_errno = errno;
    while (*low < high) {
        size_t wanted = min_size((high - *low) / page, ANSWERS);
        bool told = wanted > 0 && sys_in_core((void *)*low, wanted * page, answers) == 0;
        errno = saved_errno;
        if (!told)
            return count > 0 ? count : all_is_there(low, high, parts);
        for (size_t i = 0; i < wanted; i++, *low += page)
            if (answers[i] % 2 && !add_page(parts, most, &count, *low, page))
                return count;
    }
    return count;
}

bool os_swaps(void)
{
    struct sysinfo all;
    int saved_errno = errno;
    bool told = syscall(SYS_sysinfo, &all) == 0;
    errno = saved_errno;
    return !told || all.totalswap != all.freeswap;
}
