/* The list of mappings is read piecewise into a small buffer, as this may run on an
 * alternate stack of a few KiB. */
#include "base/maps.h"

#include <errno.h>
#include <sys/uio.h>

#include "base/bits.h"
#include "base/mask.h"
#include "base/os.h"
#include "base/proc.h"
#include "base/sys.h"

struct reader {
    int fd;
    int length, at;
    bool failed; /* the end was not reached */
    char buffer[512];
};

/* The next byte, or -1 at the end. */
static int next_byte(struct reader *r)
{
    if (r->at == r->length) {
        ssize_t n;
        do
            n = sys_read(r->fd, r->buffer, sizeof r->buffer);
        while (n < 0 && errno == EINTR);
        r->failed |= n < 0;
        if (n <= 0)
            return -1;
        r->length = (int)n;
        r->at = 0;
    }
    return (unsigned char)r->buffer[r->at++];
}

/* Reads a hexadecimal number and the byte behind it, which is -1 at the end of the list. */
static uintptr_t next_number(struct reader *r, int *behind)
{
    uintptr_t n = 0;
    for (;;) {
        int c = *behind = next_byte(r);
        if (c >= '0' && c <= '9')
            n = n << 4 | (uintptr_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            n = n << 4 | (uintptr_t)(c - 'a' + 10);
        else
            return n;
    }
}

/* Reads up to the next of these bytes, and returns it. */
static int skip_to(struct reader *r, char stop, int behind)
{
    while (behind != stop && behind != '\n' && behind != -1)
        behind = next_byte(r);
    return behind;
}

/* Reads the rest of the line, which begins with a name or is empty. */
static void next_name(struct reader *r, struct mapping *m, int behind)
{
    size_t length = 0;
    for (; behind != '\n' && behind != -1; behind = next_byte(r))
        if (length + 1 < sizeof m->name && (length > 0 || behind != ' '))
            m->name[length++] = (char)behind;
    m->name[length] = '\0';
}

/* Reads the next line, of the form "low-high rw-p offset device inode   name".  Returns false at the end. */
static bool next_mapping(struct reader *r, struct mapping *m)
{
    int behind;
    m->low = next_number(r, &behind);
    if (behind != '-')
        return false;
    m->high = next_number(r, &behind);
    m->readable = next_byte(r) == 'r';
    m->writable = next_byte(r) == 'w';
    m->executable = next_byte(r) == 'x';
    m->shared = next_byte(r) == 's';
    skip_to(r, ' ', next_byte(r));
    skip_to(r, ' ', next_byte(r));
    skip_to(r, ' ', next_byte(r));
    m->file = next_number(r, &behind) != 0;
    next_name(r, m, behind);
    return true;
}

bool maps_walk(void (*visit)(void *argument, const struct mapping *m), void *argument)
{
    int saved_errno = errno;
    struct reader r = {.fd = proc_open("thread-self/maps", 0)};
    struct mapping m;
    bool any = false;
    if (r.fd >= 0) {
        while (next_mapping(&r, &m)) {
            visit(argument, &m);
            any = true;
        }
        sys_close(r.fd);
    }
    errno = saved_errno;
    return any && !r.failed;
}

/* Reads the lines of the form "Name:   number kB" that follow a mapping in the longer list.  Returns whether the
 * number of what is swapped out is not 0; true too if there is none. */
static bool next_swapped(struct reader *r)
{
    bool swapped = true;
    int c;
    while ((c = next_byte(r)) >= 'A' && c <= 'Z') {
        const char *left = "Swap:";
        for (; *left && c == *left; left++)
            c = next_byte(r);
        while (!*left && c == ' ')
            c = next_byte(r);
        swapped = *left ? swapped : c != '0';
        skip_to(r, '\n', c);
    }
    r->at -= c != -1; /* the next mapping begins with it */
    return swapped;
}

bool maps_swapped(const struct mapping *m)
{
    int saved_errno = errno;
    struct reader r = {.fd = proc_open("thread-self/smaps", 0)};
    struct mapping at = {0};
    bool swapped = true;
    if (r.fd < 0)
        return true;
    while (at.low < m->low && next_mapping(&r, &at))
        swapped = next_swapped(&r);
    sys_close(r.fd);
    errno = saved_errno;
    return swapped || at.low != m->low;
}

/* Whether two mappings were one: the kernel makes one of neighbours that are alike, until a page is locked, left
 * out of core files, or made read-only. */
static bool belongs(const struct mapping *below, const struct mapping *m)
{
    return below->high == m->low && below->readable && m->readable && !below->shared &&
           !m->shared && !below->file && !m->file;
}

/* Reads up to the first mapping that begins behind the address and does not belong to those before.  Returns
 * whether one of those has the address. */
static bool read_stretch(struct reader *r, uintptr_t address, bool join,
                         struct mapping *found, bool *any)
{
    struct mapping m = {0}, stretch = {0};
    bool hit = false;
    while (next_mapping(r, &m)) {
        bool joins = join && *any && belongs(&stretch, &m);
        if (hit && !joins)
            break;
        uintptr_t low = joins ? stretch.low : m.low;
        if (address >= m.low && address < m.high) {
            hit = true;
            *found = m;
        }
        stretch = m;
        stretch.low = low;
        if (hit)
            found->low = low, found->high = m.high;
        *any = true;
    }
    return hit;
}

/* Looks for the mapping in the list.  Returns MAPS_UNKNOWN if it cannot be read to its end. */
static enum maps_answer find_in_list(uintptr_t address, bool join, struct mapping *found)
{
    struct reader r = {.fd = proc_open("thread-self/maps", 0)};
    bool any = false;
    if (r.fd < 0)
        return MAPS_UNKNOWN;
    bool hit = read_stretch(&r, address, join, found, &any);
    sys_close(r.fd);
    if (hit)
        return MAPS_FOUND;
    return any && !r.failed ? MAPS_NONE : MAPS_UNKNOWN;
}

enum { PAGES_AT_ONCE = 32 };

/* How many pages are asked about to each side of an address at most; as address space, a
 * gibibyte with pages of 4 KiB.  It bounds the time: some 50 ms. */
enum { PROBE_MOST = 1 << 18 };

enum { UNTOLD = -1 };

/* Whether one page can be read, or UNTOLD.  The kernel reads the set before it looks at
 * what is to be done with it, which is nothing that there is: so it says EFAULT or EINVAL. */
static int readable_page(uintptr_t page)
{
    enum { NO_SUCH_ACTION = -1 };
    if (mask_change(NO_SUCH_ACTION, (const void *)page, NULL) == 0)
        return UNTOLD;
    return errno == EFAULT ? 0 : errno == EINVAL ? 1 : UNTOLD;
}

static int readable_one_by_one(uintptr_t low, int count, intptr_t step)
{
    for (int i = 0; i < count; i++) {
        int answer = readable_page(low + (uintptr_t)(i * step));
        if (answer != 1)
            return answer == 0 ? i : UNTOLD;
    }
    return count;
}

/* Copies a byte from each of so many pages, a step from each other, which may lead down.
 * Returns how many can be read before one that cannot, or UNTOLD if the kernel does not
 * say.  The calling thread stands for the process, as the main one may have ended. */
static int readable_pages(uintptr_t low, int count, intptr_t step)
{
    char bytes[PAGES_AT_ONCE];
    struct iovec to = {bytes, (size_t)count}, from[PAGES_AT_ONCE];
    for (int i = 0; i < count; i++)
        from[i] = (struct iovec){(void *)(low + (uintptr_t)(i * step)), 1};
    long n = syscall(SYS_process_vm_readv, gettid(), &to, 1ul, from, (unsigned long)count,
                     0ul);
    if (n >= 0)
        return (int)n;
    return errno == EFAULT ? 0 : readable_one_by_one(low, count, step);
}

/* Goes on from a page that can be read, by steps, to the last one that can.  Returns
 * false if that is not told, or is further away than `most` pages. */
static bool probe_towards(uintptr_t *page, intptr_t step, int most)
{
    for (int left = most; left > 0; left -= PAGES_AT_ONCE) {
        int n = readable_pages(*page + (uintptr_t)step, PAGES_AT_ONCE, step);
        if (n == UNTOLD)
            return false;
        *page += (uintptr_t)(n * step);
        if (n < PAGES_AT_ONCE)
            return true;
    }
    return false;
}

enum maps_answer maps_probe(uintptr_t address, struct mapping *found)
{
    int saved_errno = errno;
    size_t size = os_page_bytes();
    uintptr_t low = align_down(address, size), high = low;
    int there = readable_pages(low, 1, 0);
    bool told = there != UNTOLD;
    if (there == 1)
        told = probe_towards(&high, (intptr_t)size, PROBE_MOST) &&
               probe_towards(&low, -(intptr_t)size, PROBE_MOST);
    *found = (struct mapping){.low = low, .high = high + size, .readable = there == 1};
    errno = saved_errno;
    if (!told)
        return MAPS_UNKNOWN;
    return there == 1 ? MAPS_FOUND : MAPS_NONE;
}

static enum maps_answer find(uintptr_t address, bool join, struct mapping *found)
{
    int saved_errno = errno;
    enum maps_answer answer = find_in_list(address, join, found);
    errno = saved_errno;
    return answer == MAPS_UNKNOWN ? maps_probe(address, found) : answer;
}

enum maps_answer maps_find(uintptr_t address, struct mapping *found)
{
    return find(address, false, found);
}

enum maps_answer maps_find_joined(uintptr_t address, struct mapping *found)
{
    return find(address, true, found);
}

size_t maps_readable(uintptr_t low, uintptr_t high)
{
    int saved_errno = errno;
    size_t page = os_page_bytes();
    uintptr_t at = align_down(low, page);
    int count, n;
    do {
        count = (int)min_size((align_up(high, page) - at) / page, PAGES_AT_ONCE);
        n = readable_pages(at, count, (intptr_t)page);
        n = n == UNTOLD ? count : n;
        at += (size_t)n * page;
    } while (n == count && at < high);
    errno = saved_errno;
    return at > low ? min_size(at, high) - low : 0;
}
