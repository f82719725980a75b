/* A hash table by address, with linear probing: among the library's variables at first, and then in memory
 * that it accounts for as well. */
#include "base/account.h"

#include <errno.h>

#include "base/bits.h"
#include "base/check.h"
#include "base/critical.h"
#include "base/debugger.h"
#include "base/os.h"

/* The account is in the lowest bits of the address, which is a page's; 0 is no stretch. */
struct stretch {
    uintptr_t low_and_account;
    size_t bytes;
};

_Static_assert(ACCOUNT_COUNT <= OS_PAGE, "an account fits into the offset in a page");

enum {
    FIRST_SLOTS = 128,
    PARTS_MOST = 32,
    OVERLAPS_MOST = 300, /* stretches of which each is compared with each */
};

static struct stretch first_slots[FIRST_SLOTS] PRIVATE_DATA;

static struct {
    struct lock lock;
    struct stretch *slots;
    size_t slot_count; /* a power of two */
    size_t count;
} account PRIVATE_DATA = {.slots = first_slots, .slot_count = FIRST_SLOTS};

DEBUGGER_TABLE = {
    DEBUGGER_VARIABLE("account.slots", account.slots),
    DEBUGGER_VARIABLE("account.slot_count", account.slot_count),
    DEBUGGER_SIZE(stretch),
    DEBUGGER_FIELD(stretch, low_and_account),
    DEBUGGER_FIELD(stretch, bytes),
    DEBUGGER_NUMBER(OS_PAGE),
};

static uintptr_t low_of(const struct stretch *s)
{
    return s->low_and_account & ~(uintptr_t)(OS_PAGE - 1);
}

static size_t first_slot(uintptr_t low)
{
    return hash_place(low / OS_PAGE, account.slot_count);
}

static size_t next_slot(size_t slot)
{
    return (slot + 1) & (account.slot_count - 1);
}

/* The slot of the stretch that begins there, or the empty one where it would be. */
static size_t find(uintptr_t low)
{
    size_t slot = first_slot(low);
    while (account.slots[slot].low_and_account && low_of(&account.slots[slot]) != low)
        slot = next_slot(slot);
    return slot;
}

static void insert(struct stretch s)
{
    account.slots[find(low_of(&s))] = s;
}

static bool grow(void)
{
    struct stretch *old = account.slots;
    size_t old_count = account.slot_count;
    struct stretch *larger = os_map(2 * old_count * sizeof *larger);
    if (!larger)
        return false;
    account.slots = larger;
    account.slot_count = 2 * old_count;
    for (size_t i = 0; i < old_count; i++)
        if (old[i].low_and_account)
            insert(old[i]);
    if (old != first_slots)
        os_release(old, old_count * sizeof *old);
    return true;
}

void account_add(enum account a, const void *low, size_t bytes)
{
    int saved_errno = errno;
    critical_take(&account.lock, RANK_ACCOUNT);
    if (4 * (account.count + 1) <= 3 * account.slot_count || grow()) {
        insert((struct stretch){(uintptr_t)low | a, bytes});
        account.count++;
    }
    critical_release(&account.lock, RANK_ACCOUNT);
    errno = saved_errno;
}

/* What follows without a gap moves up, unless it would come before its first slot. */
static void empty(size_t slot)
{
    for (size_t next = next_slot(slot); account.slots[next].low_and_account;
         next = next_slot(next)) {
        size_t wanted = first_slot(low_of(&account.slots[next]));
        bool may_move = ((next - wanted) & (account.slot_count - 1)) >=
                        ((next - slot) & (account.slot_count - 1));
        if (!may_move)
            continue;
        account.slots[slot] = account.slots[next];
        slot = next;
    }
    account.slots[slot] = (struct stretch){0};
}

void account_remove(const void *low)
{
    critical_take(&account.lock, RANK_ACCOUNT);
    size_t slot = find((uintptr_t)low);
    if (account.slots[slot].low_and_account) {
        empty(slot);
        account.count--;
    }
    critical_release(&account.lock, RANK_ACCOUNT);
}

size_t account_held(int file, uintptr_t low, uintptr_t high)
{
    struct os_part parts[PARTS_MOST];
    size_t held = 0;
    while (low < high) {
        size_t count = os_pages_find(file, &low, high, parts, PARTS_MOST);
        for (size_t i = 0; i < count; i++)
            held += parts[i].high - parts[i].low;
    }
    return held;
}

static size_t held_from(int file, uintptr_t low, size_t bytes)
{
    return account_held(file, low, low + align_up(bytes, os_page_bytes()));
}

void account_sum(int file, size_t bytes[ACCOUNT_COUNT])
{
    critical_take(&account.lock, RANK_ACCOUNT);
    for (size_t i = 0; i < account.slot_count; i++) {
        const struct stretch *s = &account.slots[i];
        if (s->low_and_account)
            bytes[s->low_and_account % OS_PAGE] += held_from(file, low_of(s), s->bytes);
    }
    if (account.slots != first_slots)
        bytes[ACCOUNT_OTHER] += held_from(file, (uintptr_t)account.slots,
                                          account.slot_count * sizeof(struct stretch));
    critical_release(&account.lock, RANK_ACCOUNT);
}

void account_walk(void (*visit)(void *argument, uintptr_t low, uintptr_t high),
                  void *argument)
{
    critical_take(&account.lock, RANK_ACCOUNT);
    for (size_t i = 0; i < account.slot_count; i++) {
        const struct stretch *s = &account.slots[i];
        if (s->low_and_account)
            visit(argument, low_of(s), low_of(s) + s->bytes);
    }
    if (account.slots != first_slots)
        visit(argument, (uintptr_t)account.slots,
              (uintptr_t)(account.slots + account.slot_count));
    critical_release(&account.lock, RANK_ACCOUNT);
}

size_t account_count(void)
{
    return __atomic_load_n(&account.count, __ATOMIC_RELAXED) + 1;
}

/* Whoever was in the midst of it had stored each stretch before it left the old table. */
void account_forked(void)
{
    account.lock = (struct lock){0};
}

static bool overlaps_another(const struct stretch *s)
{
    for (size_t i = 0; i < account.slot_count; i++) {
        const struct stretch *other = &account.slots[i];
        if (other != s && other->low_and_account && low_of(other) - low_of(s) < s->bytes)
            return true;
    }
    return false;
}

size_t account_check(void)
{
    size_t count = 0;
    critical_take(&account.lock, RANK_ACCOUNT);
    for (size_t i = 0; i < account.slot_count; i++) {
        const struct stretch *s = &account.slots[i];
        if (!s->low_and_account)
            continue;
        count++;
        CHECK(&account.slots[find(low_of(s))] == s);
        CHECK(s->bytes > 0 && s->low_and_account % OS_PAGE < ACCOUNT_COUNT);
        CHECK(account.count > OVERLAPS_MOST || !overlaps_another(s));
    }
    CHECK(count == account.count);
    critical_release(&account.lock, RANK_ACCOUNT);
    return count;
}
