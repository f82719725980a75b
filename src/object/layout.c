/* Layouts: made from what the program says, and named.  Where their objects lie is in
 * heap/layout.c, what marking makes of them in collect/precise.c. */
#include <gcalloc/layout.h>

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/meta.h"
#include "base/options.h"
#include "collect/precise.h"
#include "heap/heap.h"
#include "heap/layout.h"
#include "mutator/init.h"

static gc_layout refuse(const char *function, const char *why)
{
    log_line("%s: no layout was made, as %s", function, why);
    return errno = EINVAL, 0;
}

/* Where all objects are to be freed by hand, these are, too. */
static enum kind kind_of(void)
{
    return options.leaks == LEAKS_ALL ? KIND_MANUAL_ATOMIC : KIND_ATOMIC;
}

/* `class_size`: bytes of the objects of its first bin; 0: they have none. */
static gc_layout add(const struct layout *l, size_t class_size)
{
    struct heap *h = &process_heap;
    int saved_errno = errno;
    if (!mutator_enter())
        return 0;
    unsigned class = class_size ? layout_class(h, class_size) : CLASS_NONE;
    gc_layout layout = layout_add(h, l, kind_of(), class);
    if (layout)
        errno = saved_errno;
    else if (errno == ENOSPC)
        log_line("there are %u layouts, which is all that the heap has room for: layouts "
                 "are for types, not for objects",
                 h->numbers->typed_limit - 1);
    mutator_leave();
    return layout;
}

/* Of words in rising order. */
static gc_layout add_words(size_t size, const uint32_t *words, uint32_t count)
{
    struct layout l = {.shape = LAYOUT_WORDS, .size = (uint32_t)size, .size_given = true};
    l.words = words;
    l.count = count;
    if (size <= LAYOUT_BITS_MOST * LAYOUT_WORD) {
        l.shape = LAYOUT_BITS;
        for (uint32_t i = 0; i < count; i++)
            l.bits |= UINT64_C(1) << words[i];
    }
    return add(&l, size);
}

static size_t count_bits(const uint64_t *bits, size_t longs)
{
    size_t count = 0;
    for (size_t i = 0; i < longs; i++)
        count += (size_t)__builtin_popcountll(bits[i]);
    return count;
}

/* Memory for the time of a call.  What most types need lies on the stack: each piece of the library's own takes two
 * calls of the system and a page that is touched first. */
struct scratch {
    uint64_t on_stack[32];
    void *memory; /* NULL: there is none */
    size_t bytes;
};

static void *scratch_begin(struct scratch *s, size_t bytes)
{
    bool fits = bytes <= sizeof s->on_stack;
    s->bytes = bytes;
    s->memory = fits ? memset(s->on_stack, 0, bytes) : meta_alloc(ACCOUNT_LAYOUTS, bytes);
    return s->memory;
}

static void scratch_end(struct scratch *s)
{
    if (s->memory != s->on_stack)
        meta_free(s->memory, s->bytes);
}

/* Bits beyond the object are 0. */
static gc_layout add_bits(size_t size, const uint64_t *bits, size_t longs)
{
    struct scratch s;
    uint32_t count = 0;
    uint32_t *words =
        scratch_begin(&s, max_size(count_bits(bits, longs), 1) * sizeof *words);
    if (!words)
        return 0;
    for (size_t i = 0; i < longs; i++)
        for (uint64_t left = bits[i]; left; left &= left - 1)
            words[count++] = (uint32_t)(i * 64) + (uint32_t)__builtin_ctzll(left);
    gc_layout layout = add_words(size, words, count);
    scratch_end(&s);
    return layout;
}

/* So many numbers of 64 bits have a bit for each word of the object. */
static size_t longs_for(size_t size)
{
    return (size / LAYOUT_WORD + 63) / 64;
}

static bool is_size(size_t size)
{
    return size >= 1 && size <= LAYOUT_SIZE_MOST;
}

/* They come in any order, and may come twice. */
static bool set_bits(uint64_t *bits, size_t size, const size_t *offsets, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t word = offsets[i] / LAYOUT_WORD;
        if (offsets[i] % LAYOUT_WORD || word >= size / LAYOUT_WORD)
            return false;
        bits[word / 64] |= UINT64_C(1) << word % 64;
    }
    return true;
}

gc_layout gc_layout_new(size_t size, const size_t *offsets, size_t count)
{
    if (!is_size(size))
        return refuse("gc_layout_new", "the size is not from 1 byte to 1 GiB");
    if (!offsets && count > 0)
        return refuse("gc_layout_new", "`offsets` is NULL, and `count` is not 0");
    struct scratch s;
    uint64_t *bits = scratch_begin(&s, (longs_for(size) + 1) * sizeof *bits);
    if (!bits)
        return 0;
    bool good = set_bits(bits, size, offsets, count);
    gc_layout layout = good ? add_bits(size, bits, longs_for(size)) : 0;
    scratch_end(&s);
    if (!good)
        return refuse("gc_layout_new",
                      "an offset is no multiple of 8, or its word lies outside");
    return layout;
}

gc_layout gc_layout_new_bitmap(size_t size, const uint64_t *bits)
{
    if (!is_size(size))
        return refuse("gc_layout_new_bitmap", "the size is not from 1 byte to 1 GiB");
    if (!bits)
        return refuse("gc_layout_new_bitmap", "`bits` is NULL");
    struct scratch s;
    size_t longs = longs_for(size);
    uint64_t *copy = scratch_begin(&s, (longs + 1) * sizeof *copy);
    if (!copy)
        return 0;
    memcpy(copy, bits, longs * sizeof *bits);
    if (size / LAYOUT_WORD % 64)
        copy[longs - 1] &= (UINT64_C(1) << size / LAYOUT_WORD % 64) - 1;
    gc_layout layout = add_bits(size, copy, longs);
    scratch_end(&s);
    return layout;
}

/* What an array may consist of; NULL: nothing of the kind. */
static const struct layout *element_of(gc_layout element)
{
    if (!layout_exists(&process_heap, element))
        return NULL;
    const struct layout *l = layout_at(&process_heap, element);
    bool named = l->shape == LAYOUT_BITS || l->shape == LAYOUT_WORDS;
    return named && !l->sized && l->size % LAYOUT_WORD == 0 ? l : NULL;
}

gc_layout gc_layout_new_array(size_t header, gc_layout element)
{
    const struct layout *e = element_of(element);
    if (header % LAYOUT_WORD || header > LAYOUT_SIZE_MOST)
        return refuse("gc_layout_new_array",
                      "the header is no multiple of 8, or over 1 GiB");
    if (!e)
        return refuse("gc_layout_new_array",
                      "the element is no layout by gc_layout_new or gc_layout_new_bitmap "
                      "whose size is a multiple of 8");
    return add(&(struct layout){.shape = LAYOUT_WORDS,
                                .words = e->words,
                                .count = e->count,
                                .size = e->size,
                                .header = (uint32_t)header,
                                .sized = true},
               0);
}

gc_layout gc_layout_new_traced(size_t size, gc_trace *trace, void *data)
{
    if (!is_size(size))
        return refuse("gc_layout_new_traced", "the size is not from 1 byte to 1 GiB");
    if (!trace)
        return refuse("gc_layout_new_traced", "there is no trace function");
    return add(&(struct layout){.shape = LAYOUT_TRACED,
                                .size = (uint32_t)size,
                                .size_given = true,
                                .sized = true,
                                .trace = trace,
                                .data = data},
               size);
}

int gc_layout_name(gc_layout layout, const char *name)
{
    int saved_errno = errno;
    if (!mutator_enter())
        return -1;
    bool known = name && layout_exists(&process_heap, layout);
    bool done = known && layout_set_name(&process_heap, layout, name);
    if (done)
        errno = saved_errno;
    else if (!known)
        errno = EINVAL;
    mutator_leave();
    return done ? 0 : -1;
}

/* ---- In a trace function ---------------------------------------------------------------------- */

void gc_trace_word(uintptr_t word)
{
    if (tracing)
        tracing->word(tracing, word);
}

void gc_trace_range(const void *low, const void *high)
{
    uintptr_t from = align_up((uintptr_t)low, LAYOUT_WORD);
    uintptr_t to = align_down((uintptr_t)high, LAYOUT_WORD);
    if (tracing && from < to)
        tracing->range(tracing, from, to);
}
