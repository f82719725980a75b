/* Asking the kernel to note writes.  The structures and numbers are those of Linux 6.7; headers may
 * be older. */
#include "base/track_writes.h"

#include <errno.h>
#include <limits.h>
#include <sys/ioctl.h>

#include "base/cards.h"
#include "base/descriptor.h"
#include "base/options.h"
#include "base/pagemap.h"
#include "base/sys.h"

/* ---- userfaultfd --------------------------------------------------------------------- */

struct fault_api {
    uint64_t api, features, calls;
};
struct fault_register {
    uint64_t start, bytes, mode, calls;
};
struct fault_protect {
    uint64_t start, bytes, mode;
};
#define FAULT_API _IOWR(0xAA, 0x3F, struct fault_api)
#define FAULT_REGISTER _IOWR(0xAA, 0x00, struct fault_register)
#define FAULT_PROTECT _IOWR(0xAA, 0x06, struct fault_protect)
enum {
    FAULT_VERSION = 0xAA,
    USER_MODE_ONLY = 1,          /* needs no privileges */
    NOTES_UNPOPULATED = 1 << 13, /* which noting by itself asks for */
    NOTES_BY_ITSELF = 1 << 15,
    REGISTER_WRITES = 2,
};

/* The descriptor that the registration lasts with, and the process whose memory it is for: the child of a
 * fork has a copy that is for its parent's.  Under the world lock; the number is read without, too. */
static struct descriptor faults PRIVATE_DATA = {.number = -1};
static pid_t owner PRIVATE_DATA;

bool track_writes_is_free(void)
{
    return options.tracking == TRACKING_BARRIER;
}

static void drop_parents(void)
{
    int number = descriptor_drop(&faults);
    if (number >= 0)
        sys_close(number);
}

static int open_faults(void)
{
    struct fault_api api = {.api = FAULT_VERSION,
                            .features = NOTES_UNPOPULATED | NOTES_BY_ITSELF};
    int number = (int)syscall(SYS_userfaultfd, O_CLOEXEC | USER_MODE_ONLY);
    if (number < 0)
        return -1;
    if (syscall(SYS_ioctl, number, FAULT_API, &api) != 0) {
        int error = errno;
        sys_close(number);
        return errno = error, -1;
    }
    descriptor_take(&faults, descriptor_move_away(number));
    owner = getpid();
    return faults.number;
}

bool track_writes_begin(void *address, size_t bytes)
{
    struct fault_register r = {.start = (uintptr_t)address,
                               .bytes = bytes,
                               .mode = REGISTER_WRITES};
    if (track_writes_is_free())
        return cards_begin((uintptr_t)address, bytes);
    if (options.tracking == TRACKING_NONE)
        return errno = ENOTSUP, false;
    if (os_refused())
        return false;
    if (owner != getpid())
        drop_parents();
    int number = descriptor_number(&faults);
    if (number >= 0 && syscall(SYS_ioctl, number, FAULT_REGISTER, &r) == 0)
        return true;
    if (number >= 0 && errno != ENOTTY) /* else it is another file by now */
        return false;
    number = open_faults();
    return number >= 0 && syscall(SYS_ioctl, number, FAULT_REGISTER, &r) == 0;
}

/* In the child of a fork this is said of the parent's pages, which count as written then. */
void track_writes_give_up(uintptr_t low, uintptr_t high)
{
    struct fault_protect p = {.start = low, .bytes = high - low};
    if (track_writes_is_free())
        return;
    int saved_errno = errno;
    syscall(SYS_ioctl, faults.number, FAULT_PROTECT, &p);
    errno = saved_errno;
}

/* ---- PAGEMAP_SCAN -------------------------------------------------------------------- */

enum {
    PARTS_MOST = 64, /* parts of one call, which lie on the stack */
};

/* Protects, with `again`, the written pages of [start, end) and tells which they were.  Returns how many parts,
 * or a negative number.  Pages that are not there, and those that all untouched ones share, are left as they
 * are: they hold zeros, need no tables for it, and count as written as soon as they are. */
static long scan(int file, struct pagemap_scan *s, bool again)
{
    s->flags = (again ? PAGEMAP_PROTECT : 0) | PAGEMAP_REFUSE;
    s->inverted = PAGE_ZERO;
    s->all_of = PAGE_WRITTEN | PAGE_ZERO;
    s->any_of = PAGE_PRESENT | PAGE_SWAPPED;
    s->told = PAGE_WRITTEN;
    int saved_errno = errno;
    long n = pagemap_scan(file, s);
    errno = saved_errno;
    return n;
}

/* Cards are found without a file. */
int track_writes_open(void)
{
    return track_writes_is_free() ? INT_MAX : os_pages_open();
}

void track_writes_close(int file)
{
    if (!track_writes_is_free())
        os_pages_close(file);
}

bool track_writes_protect(int file, uintptr_t low, uintptr_t high)
{
    if (track_writes_is_free())
        return cards_clear(low, high), true;
    /* Where nobody wants to be told of the pages the kernel protects those that are not there, too. */
    struct pagemap_part told[PARTS_MOST];
    while (low < high) {
        struct pagemap_scan s = {
            .start = low, .end = high, .parts = (uintptr_t)told, .count = PARTS_MOST};
        if (scan(file, &s, true) < 0 || s.walk_end <= low)
            return false;
        low = s.walk_end;
    }
    return true;
}

size_t track_writes_collect(int file, uintptr_t *low, uintptr_t high, bool again,
                            struct os_part *parts, size_t most, bool *known)
{
    if (track_writes_is_free())
        return cards_collect(low, high, again, parts, most);
    struct pagemap_part found[PARTS_MOST];
    struct pagemap_scan s = {.start = *low,
                             .end = high,
                             .parts = (uintptr_t)found,
                             .count = min_size(most, PARTS_MOST)};
    long n = scan(file, &s, again);
    if (n < 0 || s.walk_end <= *low) {
        parts[0] = (struct os_part){*low, high};
        *low = high;
        *known = false;
        return 1;
    }
    for (long i = 0; i < n; i++)
        parts[i] = (struct os_part){found[i].start, found[i].end};
    *low = s.walk_end;
    return (size_t)n;
}

/* ---- What it costs -------------------------------------------------------------------- */

enum {
    TRIAL_PAGES = 32,
    TRIALS = 3,
    TRIAL_BYTES = TRIAL_PAGES * OS_PAGE,
    USUAL_NS = 1000
};

static void write_each(volatile char *pages)
{
    for (size_t i = 0; i < TRIAL_BYTES; i += OS_PAGE)
        pages[i] = 1;
}

/* The least of some trials, as others take the processor. */
static uint64_t try_writes(char *pages, int file)
{
    uint64_t least = UINT64_MAX;
    for (int i = 0; i < TRIALS; i++) {
        if (!track_writes_protect(file, (uintptr_t)pages, (uintptr_t)pages + TRIAL_BYTES))
            return (uint64_t)USUAL_NS * TRIAL_PAGES;
        uint64_t before = os_now();
        write_each(pages);
        least = min_size(least, os_now() - before);
    }
    return least;
}

static uint32_t measure(void)
{
    uint64_t ns = (uint64_t)USUAL_NS * TRIAL_PAGES;
    char *pages =
        sys_map(NULL, TRIAL_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
    if (pages == MAP_FAILED)
        return USUAL_NS;
    int file = os_pages_open();
    write_each(pages);
    if (track_writes_begin(pages, TRIAL_BYTES))
        ns = try_writes(pages, file);
    os_pages_close(file);
    sys_unmap(pages, TRIAL_BYTES);
    return (uint32_t)min_size(ns / TRIAL_PAGES + 1, UINT32_MAX);
}

uint32_t track_writes_ns(void)
{
    static uint32_t known PRIVATE_DATA;
    if (track_writes_is_free())
        return 1;
    if (!known)
        known = measure();
    return known;
}
