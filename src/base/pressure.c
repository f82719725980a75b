/* The file is read anew at each look, from its beginning; the kernel counts up to that moment. */
#include "base/pressure.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/cgroup.h"
#include "base/sys.h"

enum { MICROSECOND = 1000, MILLISECOND = 1000000 }; /* nanoseconds */

void pressure_begin(struct pressure *p, const char *root)
{
    int file = cgroup_open_pressure(root);
    if (file < 0)
        return;
    descriptor_take(&p->file, descriptor_move_away(file));
    __atomic_store_n(&p->known, true, __ATOMIC_RELEASE);
}

/* Reads "some avg10=... total=MICROSECONDS", which the file begins with. */
static bool read_stalled(const struct pressure *p, uint64_t *stalled)
{
    char text[256], *end;
    ssize_t n =
        syscall(SYS_pread64, descriptor_number(&p->file), text, sizeof text - 1, 0L);
    text[n > 0 ? n : 0] = '\0';
    text[strcspn(text, "\n")] = '\0';
    const char *total = strstr(text, " total=");
    if (strncmp(text, "some ", 5) != 0 || !total)
        return false;
    total += strlen(" total=");
    *stalled = strtoull(total, &end, 10);
    return end > total && *end == '\0';
}

int pressure_look(struct pressure *p, uint64_t now)
{
    if (!__atomic_load_n(&p->known, __ATOMIC_ACQUIRE))
        return PRESSURE_NOT_KNOWN;
    uint64_t last = __atomic_load_n(&p->looked, __ATOMIC_RELAXED), stalled;
    bool early = now <= last || now - last < (uint64_t)PRESSURE_STEP * MILLISECOND;
    if (early || !__atomic_compare_exchange_n(&p->looked, &last, now, false,
                                              __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        return PRESSURE_NOT_KNOWN;
    int saved_errno = errno;
    bool told = read_stalled(p, &stalled);
    errno = saved_errno;
    if (!told)
        return PRESSURE_NOT_KNOWN;
    uint64_t before = __atomic_exchange_n(&p->stalled, stalled, __ATOMIC_RELAXED);
    if (last == 0 || stalled < before)
        return PRESSURE_NOT_KNOWN;
    uint64_t share = (stalled - before) * PRESSURE_ALL / ((now - last) / MICROSECOND);
    return (int)min_size(share, PRESSURE_ALL);
}
