/* Setting, clearing and finding cards.  A table for a terabyte takes 256 MiB of address space, and
 * memory for one page of cards per 16 MiB that were written to. */
#include "base/cards.h"

#include <errno.h>
#include <gcalloc/inline.h>

#include "base/check.h"
#include "base/sys.h"

enum { CARD_SHIFT = 12, GROUP = 8 /* cards that are looked at together */ };
_Static_assert(OS_PAGE == 1 << CARD_SHIFT, "a card is a page");

/* Changed once, under the world lock, `bytes` last; what it says is read by the program's own code. */
struct gc_inline_barrier gc_inline_barrier;

bool cards_begin(uintptr_t low, size_t bytes)
{
    struct gc_inline_barrier *b = &gc_inline_barrier;
    CHECK(low % (GROUP * OS_PAGE) == 0);
    if (b->bytes)
        return (~b->hidden_base == low && b->bytes == bytes) || (errno = EBUSY, false);
    if (os_refused())
        return false;
    void *table = sys_map(NULL, bytes >> CARD_SHIFT, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE);
    if (table == MAP_FAILED)
        return errno = ENOMEM, false;
    b->cards = table;
    b->hidden_base = ~low;
    __atomic_store_n(&b->bytes, bytes, __ATOMIC_RELEASE);
    return true;
}

void cards_note(const void *address, size_t bytes)
{
    const struct gc_inline_barrier *b = &gc_inline_barrier;
    size_t from = (uintptr_t)address - ~b->hidden_base;
    if (from >= __atomic_load_n(&b->bytes, __ATOMIC_ACQUIRE) || bytes == 0)
        return;
    size_t last = min_size(from + bytes, b->bytes) - 1;
    for (size_t card = from >> CARD_SHIFT; card <= last >> CARD_SHIFT; card++)
        __atomic_store_n(&b->cards[card], 1, __ATOMIC_RELEASE);
}

static unsigned char *card_of(uintptr_t page)
{
    return gc_inline_barrier.cards + ((page - ~gc_inline_barrier.hidden_base) >> CARD_SHIFT);
}

/* Cards of pages that follow each other: all are clear.  Cards are set one by one, and looked at
 * in groups, which is no race that matters: a card that is missed was set after the look. */
static bool group_is_clear(uintptr_t page, uintptr_t high)
{
    typedef uint64_t __attribute__((may_alias)) group;
    return page % (GROUP * OS_PAGE) == 0 && high - page >= GROUP * OS_PAGE &&
           __atomic_load_n((const group *)(const void *)card_of(page),
                           __ATOMIC_RELAXED) == 0;
}

static bool is_set(uintptr_t page, bool clears)
{
    unsigned char *card = card_of(page);
    if (!__atomic_load_n(card, __ATOMIC_ACQUIRE))
        return false;
    if (clears)
        __atomic_exchange_n(card, 0, __ATOMIC_SEQ_CST);
    return true;
}

void cards_clear(uintptr_t low, uintptr_t high)
{
    for (uintptr_t page = low; page < high;)
        if (group_is_clear(page, high))
            page += GROUP * OS_PAGE;
        else
            is_set(page, true), page += OS_PAGE;
}

size_t cards_collect(uintptr_t *low, uintptr_t high, bool again, struct os_part *parts,
                     size_t most)
{
    size_t count = 0;
    uintptr_t page = *low, end = 0; /* of the last part */
    while (page < high && (count < most || page == end)) {
        if (group_is_clear(page, high)) {
            page += GROUP * OS_PAGE;
            continue;
        }
        if (is_set(page, again)) {
            if (page != end)
                parts[count++].low = page;
            end = parts[count - 1].high = page + OS_PAGE;
        }
        page += OS_PAGE;
    }
    *low = page;
    return count;
}
