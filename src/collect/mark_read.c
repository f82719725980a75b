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

/* Tries page after page.  Words that begin in the middle of others may cross from one page to the
 * next: where that cannot be read, the others of the page count. */
static void try_pages(struct chunk *c, uintptr_t low, uintptr_t end)
{
    size_t phase = low % sizeof(uintptr_t);
    for (uintptr_t next; low < end; low = next) {
        next = min_size(align_down(low - phase, OS_PAGE) + OS_PAGE + phase, end);
        if (try_words(c, low, next))
            continue;
        if (phase)
            try_words(c, low, next - sizeof(uintptr_t));
        else if (!is_freed(c->m->heap, low))
            altered_found(c->m->heap, low);
    }
}

/* Copies words to the marker's buffer, behind the `found` words that are there.  Returns how many are
 * there then. */
static size_t copy_guarded(struct marker *m, uintptr_t low, size_t count, size_t bytes,
                           size_t found)
{
    struct chunk c = {.m = m, .bytes = bytes, .found = found};
    uintptr_t end = low + count * sizeof(uintptr_t);
    if (!try_words(&c, low, end))
        try_pages(&c, low, end);
    return c.found;
}

struct words take_guarded(struct marker *m, uintptr_t low, size_t count, size_t bytes)
{
    return (struct words){m->found, m->found + copy_guarded(m, low, count, bytes, 0)};
}

/* All of these words can be read. */
static size_t copy(struct marker *m, uintptr_t low, size_t count, size_t bytes,
                   size_t found)
{
    struct chunk c = {m, (const uintptr_t *)low, count, bytes, found};
    filter_chunk(&c);
    return c.found;
}

struct words take_unaligned(struct marker *m, uintptr_t low, size_t count, uintptr_t high,
                            size_t bytes, bool guarded)
{
    size_t (*const take)(struct marker *, uintptr_t, size_t, size_t, size_t) =
        guarded ? copy_guarded : copy;
    size_t halves =
        (high - low) / HALF_WORD; /* there are those of `count` words at least */
    size_t between = halves < 3 ? 0 : min_size(count, (halves - 1) / 2);
    size_t found = take(m, low, count, bytes, 0);
    found = take(m, low + HALF_WORD, between, bytes, found);
    return (struct words){m->found, m->found + found};
}
