/* Trace functions called, and words counted by layouts. */
#include "collect/precise.h"

#include "base/log.h"
#include "world/thread.h"

__thread struct tracer *tracing;

/* What gc_usable_size says, but for aligned objects, which have no layout.  Where observers have bytes behind
 * objects, it is what was asked for, as the site tells; one that is not the program's yet, of which that is not
 * known, reads as zero, or has the one size of its layout. */
static size_t usable_size(const struct heap *h, const struct layout *l, uintptr_t address,
                          size_t size)
{
    if (!h->spare)
        return size >= h->pad_from && size <= MEDIUM_MAX ? size - 1 : size;
    if (!l->sized)
        return l->size;
    struct cell o = lookup_cell(h, address);
    uint32_t note = h->sites[o.state - h->states].note;
    return note & SITE_FREED ? size : size - min_size(note & SITE_SLACK, size);
}

void precise_trace(const struct heap *h, const struct layout *l, uintptr_t address,
                   size_t size, struct tracer *t)
{
    struct thread_access had = thread_shut_out();
    tracing = t;
    l->trace((void *)address, usable_size(h, l, address, size), l->data);
    tracing = NULL;
    thread_let_in(had);
}

bool precise_refuses(void)
{
    static bool said PRIVATE_DATA;
    if (LIKELY(!tracing))
        return false;
    if (!__atomic_exchange_n(&said, true, __ATOMIC_RELAXED))
        log_line("a trace function called a function other than gc_trace_word and "
                 "gc_trace_range: it failed, as the program stands still meanwhile");
    return true;
}

/* How many words the layout names in an object of that size.  One that names none may have no size. */
static size_t count_words(const struct layout *l, size_t size)
{
    size_t rest = size > l->header ? size - l->header : 0;
    return l->count ? l->count * (l->sized ? rest / l->size : 1) : 0;
}

uintptr_t precise_place(const struct layout *l, uintptr_t address, size_t number)
{
    uintptr_t element = address + l->header + number / l->count * l->size;
    return element + (uintptr_t)l->words[number % l->count] * LAYOUT_WORD;
}

READS_ANYTHING size_t precise_words(const struct layout *l, uintptr_t address,
                                    size_t size, size_t from, uintptr_t *words,
                                    size_t most)
{
    size_t all = count_words(l, size);
    if (from >= all)
        return 0;
    size_t n = min_size(all - from, most), i = from % l->count;
    const uintptr_t *element =
        (const uintptr_t *)(address + l->header + from / l->count * l->size);
    for (size_t k = 0; k < n; k++) {
        words[k] = element[l->words[i]];
        if (++i == l->count) {
            i = 0;
            element = (const uintptr_t *)((uintptr_t)element + l->size);
        }
    }
    return n;
}
