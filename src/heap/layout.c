/* The layouts of a heap and their typed bins, in memory that is given back with the heap only. */
#include "heap/layout.h"

#include <errno.h>
#include <string.h>

#include "base/check.h"
#include "base/critical.h"
#include "base/meta.h"
#include "heap/arena.h"

enum { MEMORY_BYTES = 16 << 10 };

/* Memory for words, bins and names.  It goes back with the heap only, and what is asked
 * for is small, as a rule. */
struct layout_memory {
    struct layout_memory *next;
    size_t bytes, used;
};

/* Takes zeroed memory.  Returns NULL with errno ENOMEM if there is none.  typed_lock is held. */
static void *take(struct heap *h, size_t bytes)
{
    struct layout_memory *m = h->layout_memory;
    lock_check_held(RANK_OBJECT);
    bytes = align_up(bytes, GRANULE);
    if (!m || m->bytes - m->used < bytes) {
        size_t first = align_up(sizeof *m, GRANULE);
        size_t all = max_size(first + bytes, MEMORY_BYTES);
        m = meta_alloc(ACCOUNT_LAYOUTS, all);
        if (!m)
            return NULL;
        *m = (struct layout_memory){h->layout_memory, all, first};
        h->layout_memory = m;
    }
    void *taken = (char *)m + m->used;
    m->used += bytes;
    return taken;
}

static void *take_copy(struct heap *h, const void *from, size_t bytes)
{
    void *copy = take(h, bytes);
    return copy ? memcpy(copy, from, bytes) : NULL;
}

/* Returns the place for one more typed bin and its layout, which is 0 for the first of
 * all and then leaves errno alone.  Returns 0 with errno ENOSPC if there are too many,
 * and with ENOMEM if there is no memory.  typed_lock is held. */
static uint32_t next_place(struct heap *h)
{
    uint32_t t = h->numbers->typed_count;
    lock_check_held(RANK_OBJECT);
    if (t == h->numbers->typed_limit)
        return errno = ENOSPC, 0;
    if (t % LAYOUTS_TOGETHER == 0 && !h->layouts[t / LAYOUTS_TOGETHER])
        h->layouts[t / LAYOUTS_TOGETHER] =
            meta_alloc(ACCOUNT_LAYOUTS, LAYOUTS_TOGETHER * sizeof(struct layout));
    if (!h->layouts[t / LAYOUTS_TOGETHER] || !arena_commit_typed(h, t))
        return errno = ENOMEM, 0;
    return t;
}

/* All that belongs to the bin is stored before its number counts. */
static uint32_t add(struct heap *h, uint32_t t, const struct layout *l, uint32_t layout,
                    unsigned bin)
{
    h->layouts[t / LAYOUTS_TOGETHER][t % LAYOUTS_TOGETHER] = *l;
    h->typed[t] = (struct typed_bin){.what = layout << UNIT_BIN_BITS | bin};
    __atomic_store_n(&h->numbers->typed_count, t + 1, __ATOMIC_RELEASE);
    return t;
}

/* Takes the first place, as number 0 is no bin's.  Returns false with errno ENOSPC or
 * ENOMEM if there is none. */
static bool skip_first(struct heap *h)
{
    static const struct layout none;
    if (h->numbers->typed_count > 0)
        return true;
    errno = 0;
    if (next_place(h) == 0 && errno)
        return false;
    add(h, 0, &none, 0, 0);
    return true;
}

static uint32_t add_layout(struct heap *h, struct layout l, enum kind kind,
                           unsigned class)
{
    enum { BINS = CLASS_LARGE + 1 };
    uint32_t t = skip_first(h) ? next_place(h) : 0;
    if (!t)
        return 0;
    l.words = l.count ? take_copy(h, l.words, l.count * sizeof *l.words) : NULL;
    l.bins = l.sized ? take(h, BINS * sizeof *l.bins) : NULL;
    l.name = NULL;
    if ((l.count && !l.words) || (l.sized && !l.bins))
        return errno = ENOMEM, 0;
    if (l.sized)
        l.bins[class] = t;
    return add(h, t, &l, t, bin_of(kind, class));
}

uint32_t layout_add(struct heap *h, const struct layout *l, enum kind kind,
                    unsigned class)
{
    critical_take(&h->numbers->typed_lock, RANK_OBJECT);
    uint32_t t = add_layout(h, *l, kind, class);
    critical_release(&h->numbers->typed_lock, RANK_OBJECT);
    return t;
}

uint32_t layout_bin(struct heap *h, uint32_t layout, unsigned class)
{
    const struct layout *l = layout_at(h, layout);
    if (!l->sized)
        return layout;
    uint32_t t = __atomic_load_n(&l->bins[class], __ATOMIC_ACQUIRE);
    if (LIKELY(t))
        return t;
    critical_take(&h->numbers->typed_lock, RANK_OBJECT);
    t = l->bins[class];
    if (!t && (t = next_place(h))) {
        enum kind kind = bin_kind(typed_bin_word_bin(&h->typed[layout]));
        add(h, t, l, layout, bin_of(kind, class));
        __atomic_store_n(&l->bins[class], t, __ATOMIC_RELEASE);
    }
    critical_release(&h->numbers->typed_lock, RANK_OBJECT);
    return t;
}

bool layout_set_name(struct heap *h, uint32_t layout, const char *name)
{
    critical_take(&h->numbers->typed_lock, RANK_OBJECT);
    size_t length = strnlen(name, LAYOUT_NAME_MOST);
    char *copy = take(h, length + 1);
    if (copy) {
        memcpy(copy, name, length);
        struct layout *l = h->layouts[layout / LAYOUTS_TOGETHER];
        __atomic_store_n(&l[layout % LAYOUTS_TOGETHER].name, copy, __ATOMIC_RELEASE);
    }
    critical_release(&h->numbers->typed_lock, RANK_OBJECT);
    return copy != NULL;
}

const char *layout_name(const struct heap *h, uint32_t layout)
{
    return __atomic_load_n(&layout_at(h, layout)->name, __ATOMIC_ACQUIRE);
}

void layouts_release(struct heap *h)
{
    for (size_t i = 0; i < TYPED_MOST / LAYOUTS_TOGETHER; i++) {
        meta_free(h->layouts[i], LAYOUTS_TOGETHER * sizeof(struct layout));
        h->layouts[i] = NULL;
    }
    for (struct layout_memory *m; (m = h->layout_memory);) {
        h->layout_memory = m->next;
        meta_free(m, m->bytes);
    }
}

static void layout_check(const struct heap *h, uint32_t t)
{
    const struct layout *l = layout_at(h, t);
    const struct typed_bin *b = &h->typed[t];
    unsigned bin = typed_bin_word_bin(b), class = bin_class(bin);
    uint32_t layout = typed_bin_layout(b);
    CHECK(layout != 0 && layout <= t && layout_exists(h, layout));
    CHECK(!(bin_kind(bin) & KIND_ATOMIC) == (l->shape == LAYOUT_WHOLE));
    CHECK(class <= CLASS_LARGE);
    CHECK(l->sized ? l->bins[class] == t : layout == t && class != CLASS_NONE);
    CHECK(l->shape <= LAYOUT_TRACED && (l->shape == LAYOUT_TRACED) == (l->trace != NULL));
    CHECK(l->shape != LAYOUT_BITS || l->size <= LAYOUT_BITS_MOST * LAYOUT_WORD);
    for (uint32_t i = 0; i < l->count; i++) {
        CHECK((l->words[i] + 1) * LAYOUT_WORD <= l->size);
        CHECK(i == 0 || l->words[i - 1] < l->words[i]);
        CHECK(l->shape != LAYOUT_BITS || l->bits >> l->words[i] & 1);
    }
}

void layouts_check(const struct heap *h)
{
    CHECK(h->numbers->typed_count <= h->numbers->typed_limit);
    for (uint32_t t = 1; t < h->numbers->typed_count; t++)
        layout_check(h, t);
}
