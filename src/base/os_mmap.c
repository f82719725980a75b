/* The backend that takes a heap's address space from mmap: one reservation, made usable
 * step by step. */
#include "base/bits.h"
#include "base/os.h"

static bool commit(void *start, size_t bytes)
{
    if (!os_commit(start, bytes))
        return false;
    os_put_in(start, bytes);
    return true;
}

void *os_space_reserve(const struct os_space *self, size_t bytes, size_t alignment)
{
    (void)self;
    void *start = os_reserve(bytes, alignment);
    if (start)
        os_leave_out(start, bytes);
    return start;
}

bool os_space_commit(const struct os_space *self, void *start, size_t bytes)
{
    (void)self;
    return commit(start, bytes);
}

void os_space_release(const struct os_space *self, void *start, size_t bytes)
{
    (void)self;
    os_release(start, bytes);
}

size_t os_space_decommit(const struct os_space *self, void *address, size_t bytes)
{
    (void)self;
    return os_decommit(address, bytes);
}

static void *extend(const struct os_space *self, void *end, size_t bytes,
                    size_t alignment)
{
    (void)self;
    (void)alignment;
    return commit(end, bytes) ? end : NULL;
}

static void release(const struct os_space *self, void *start, size_t used,
                    size_t reserved)
{
    (void)self;
    (void)used;
    os_release(start, reserved);
}

const struct os_space os_mmap = {
    .name = "mmap",
    .ahead = true,
    .reserve = os_space_reserve,
    .extend = extend,
    .release = release,
    .reserve_tables = os_space_reserve,
    .commit_tables = os_space_commit,
    .release_tables = os_space_release,
    .decommit = os_space_decommit,
};
