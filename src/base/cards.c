/* Setting, clearing and finding cards.  A table for a terabyte takes 2 GiB of address space, and
 * memory for one page of cards per 2 MiB that were written to. */
#include "base/cards.h"

#include <errno.h>
#include <gcalloc/inline.h>

#include "base/account.h"
#include "base/check.h"
#include "base/sys.h"

enum { GROUP = 8 /* cards that are looked at together */ };

/* Changed once, under the world lock, `bytes` last; what it says is read by the program's own code. */
struct gc_inline_barrier gc_inline_barrier;

bool cards_begin(uintptr_t low, size_t bytes)
{
    struct gc_inline_barrier *b = &gc_inline_barrier;
    CHECK(low % (GROUP * CARD_BYTES) == 0);
    if (b->bytes)
        return (~b->hidden_base == low && b->bytes == bytes) || (errno = EBUSY, false);
    if (os_refused())
        return false;
    void *table = sys_map(NULL, bytes >> GC_INLINE_CARD_SHIFT, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE);
    if (table == MAP_FAILED)
        return errno = ENOMEM, false;
    account_add(ACCOUNT_REMEMBERED, table, bytes >> GC_INLINE_CARD_SHIFT);
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
    for (size_t card = from >> GC_INLINE_CARD_SHIFT; card <= last >> GC_INLINE_CARD_SHIFT;
         card++)
        __atomic_store_n(&b->cards[card], 1, __ATOMIC_RELEASE);
}

static unsigned char *card_of(uintptr_t at)
{
    return gc_inline_barrier.cards +
           ((at - ~gc_inline_barrier.hidden_base) >> GC_INLINE_CARD_SHIFT);
}

/* Cards of addresses that follow each other: all are clear.  Cards are set one by one, and looked at
 * in groups, which is no race that matters: a card that is missed was set after the look. */
static bool group_is_clear(uintptr_t at, uintptr_t high)
{
    typedef uint64_t __attribute__((may_alias)) group;
    return at % (GROUP * CARD_BYTES) == 0 && high - at >= GROUP * CARD_BYTES &&
           __atomic_load_n((const group *)(const void *)card_of(at), __ATOMIC_RELAXED) ==
               0;
}

static bool is_set(uintptr_t at, bool clears)
{
    unsigned char *card = card_of(at);
    if (!__atomic_load_n(card, __ATOMIC_ACQUIRE))
        return false;
    if (clears)
        __atomic_exchange_n(card, 0, __ATOMIC_SEQ_CST);
    return true;
}

void cards_clear(uintptr_t low, uintptr_t high)
{
    for (uintptr_t at = low; at < high;)
        if (group_is_clear(at, high))
            at += GROUP * CARD_BYTES;
        else
            is_set(at, true), at += CARD_BYTES;
}

size_t cards_collect(uintptr_t *low, uintptr_t high, bool again, struct os_part *parts,
                     size_t most)
{
    size_t count = 0;
    uintptr_t at = *low, end = 0; /* of the last part */
    while (at < high && (count < most || at == end)) {
        if (group_is_clear(at, high)) {
            at += GROUP * CARD_BYTES;
            continue;
        }
        if (is_set(at, again)) {
            if (at != end)
                parts[count++].low = at;
            end = parts[count - 1].high = at + CARD_BYTES;
        }
        at += CARD_BYTES;
    }
    *low = at;
    return count;
}
