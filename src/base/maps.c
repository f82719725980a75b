/* Read piecewise into a small buffer: this may run on an alternate stack of a few KiB. */
#include "base/maps.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

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
