/* The backend that takes a heap's address space from mmap: one reservation, made usable
 * step by step. */
#include "base/bits.h"
#include "base/os.h"

static void *reserve(size_t bytes, size_t alignment)
{
    return os_reserve(bytes, alignment);
}

static void *extend(void *end, size_t bytes, size_t alignment)
{
    (void)alignment;
    return os_commit(end, bytes) ? end : NULL;
}

static void release(void *start, size_t used, size_t reserved)
{
    (void)used;
    os_release(start, reserved);
}

const struct os_space os_mmap = {
    .name = "mmap",
    .ahead = true,
    .reserve = reserve,
    .extend = extend,
    .release = release,
    .reserve_tables = os_reserve,
    .commit_tables = os_commit,
    .release_tables = os_release,
};
