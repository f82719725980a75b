/* Read piecewise into a small buffer: this may run on an alternate stack of a few KiB. */
#include "base/maps.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/os.h"

struct reader {
    int fd;
    int length, at;
    char buffer[512];
};

/* The next byte; -1 at the end. */
static int next_byte(struct reader *r)
{
    if (r->at == r->length) {
        ssize_t n;
        do
            n = read(r->fd, r->buffer, sizeof r->buffer);
        while (n < 0 && errno == EINTR);
        if (n <= 0)
            return -1;
        r->length = (int)n;
        r->at = 0;
    }
    return (unsigned char)r->buffer[r->at++];
}

/* A hexadecimal number and the byte behind it; -1 there at the end of the list. */
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

/* Lines are "low-high rw-p ...". */
static bool next_mapping(struct reader *r, struct mapping *m)
{
    int behind;
    m->low = next_number(r, &behind);
    if (behind != '-')
        return false;
    m->high = next_number(r, &behind);
    m->readable = next_byte(r) == 'r';
    while (behind != '\n' && behind != -1)
        behind = next_byte(r);
    return true;
}

bool maps_find(uintptr_t address, struct mapping *found)
{
    int saved_errno = errno;
    struct reader r = {.fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC)};
    bool hit = false;
    if (r.fd >= 0) {
        while (!hit && next_mapping(&r, found))
            hit = address >= found->low && address < found->high;
        close(r.fd);
    }
    errno = saved_errno;
    return hit;
}

enum { PAGES_AT_ONCE = 32 };

/* Copies a byte from each of so many pages.  How many of them can be read; all of them where
 * the kernel does not say. */
static size_t readable_pages(uintptr_t low, size_t count)
{
    char bytes[PAGES_AT_ONCE];
    struct iovec to = {bytes, count}, from[PAGES_AT_ONCE];
    for (size_t i = 0; i < count; i++)
        from[i] = (struct iovec){(void *)(low + i * os_page_bytes()), 1};
    ssize_t n = process_vm_readv(getpid(), &to, 1, from, count, 0);
    if (n < 0)
        return errno == EFAULT ? 0 : count;
    return (size_t)n;
}

size_t maps_readable(uintptr_t low, uintptr_t high)
{
    int saved_errno = errno;
    size_t page = os_page_bytes(), count, n;
    uintptr_t at = align_down(low, page);
    do {
        count = min_size((align_up(high, page) - at) / page, PAGES_AT_ONCE);
        n = readable_pages(at, count);
        at += n * page;
    } while (n == count && at < high);
    errno = saved_errno;
    return at > low ? min_size(at, high) - low : 0;
}
