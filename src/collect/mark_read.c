/* Reading memory of which a part may not be readable: with the handlers of faults in a pause, by the kernel where
 * the program runs. */
#include "collect/mark_read.h"

#include "base/os.h"
#include "heap/altered.h"
#include "world/faults.h"

/* Words to be copied to the marker's buffer, behind the `found` words that are there. */
struct chunk {
    struct marker *m;
    const uintptr_t *words;
    size_t count, bytes, found;
};

READS_ANYTHING static void filter_chunk(void *argument)
{
    struct chunk *c = argument;
    filter_function *filter = c->m->filter ? c->m->filter : filter_scalar;
    c->found +=
        filter(c->words, c->count, c->m->heap->base, c->bytes, c->m->found + c->found);
}

/* Beside the program the handlers of faults are its own. */
NOINLINE static bool try_copy(struct chunk *c, uintptr_t low, uintptr_t high)
{
    uintptr_t copy[FILTER_WORDS];
    if (!os_copy(copy, low, high - low))
        return false;
    c->words = copy;
    filter_chunk(c);
    return true;
}

static bool try_words(struct chunk *c, uintptr_t low, uintptr_t high)
{
    c->words = (const uintptr_t *)low;
    c->count = (high - low) / sizeof(uintptr_t);
    if (c->m->beside)
        return try_copy(c, low, high);
    return faults_try(filter_chunk, c, low, high);
}

/* What was freed while it is read beside the program may have no pages to be read any more, by the library's doing. */
static bool is_freed(const struct heap *h, uintptr_t address)
{
    struct cell o = lookup_cell(h, address);
    return o.state && RACING(*o.state) == STATE_RESERVED;
}

struct words take_guarded(struct marker *m, uintptr_t low, size_t count, size_t bytes)
{
    struct chunk c = {.m = m, .bytes = bytes};
    uintptr_t end = low + count * sizeof(uintptr_t);
    if (!try_words(&c, low, end)) {
        for (uintptr_t next; low < end; low = next) {
            next = min_size(align_down(low, OS_PAGE) + OS_PAGE, end);
            if (!try_words(&c, low, next) && !is_freed(m->heap, low))
                altered_found(m->heap, low);
        }
    }
    return (struct words){m->found, m->found + c.found};
}
