/* The library's own memory, taken and given back by whole pages. */
#include "base/meta.h"

#include <string.h>

#include "base/bits.h"
#include "base/os.h"

/* From this size on a table's pages are moved: to copy them takes longer than the system's call, mostly as the pages of the
 * copy are new. */
enum { MOVED_FROM = 64 << 10 };

static size_t bytes_in_use PRIVATE_DATA;

static size_t whole_pages(size_t bytes)
{
    return align_up(bytes, max_size(OS_PAGE, os_page_bytes()));
}

void *meta_alloc(enum account a, size_t bytes)
{
    void *p = os_map(whole_pages(bytes));
    if (!p)
        return NULL;
    __atomic_fetch_add(&bytes_in_use, whole_pages(bytes), __ATOMIC_RELAXED);
    account_add(a, p, whole_pages(bytes));
    return p;
}

void meta_free(void *p, size_t bytes)
{
    if (!p)
        return;
    account_remove(p);
    os_release(p, whole_pages(bytes));
    __atomic_fetch_sub(&bytes_in_use, whole_pages(bytes), __ATOMIC_RELAXED);
}

void *meta_grow(enum account a, void *table, size_t count, size_t *capacity,
                size_t element_bytes)
{
    if (count < *capacity)
        return table;
    size_t old_bytes = count * element_bytes;
    size_t new_bytes = whole_pages(max_size(2 * old_bytes, (count + 1) * element_bytes));
    void *larger = meta_alloc(a, new_bytes);
    if (!larger)
        return NULL;
    bool moves = table && old_bytes >= MOVED_FROM;
    if (table && !(moves && os_try_move(larger, table, whole_pages(old_bytes))))
        memcpy(larger, table, old_bytes);
    meta_free(table, old_bytes);
    *capacity = new_bytes / element_bytes;
    return larger;
}

size_t meta_bytes(void)
{
    return __atomic_load_n(&bytes_in_use, __ATOMIC_RELAXED);
}
