/* A hash table of numbers, open addressing, at most half full; a stack's number is where
 * it lies in the store, counted in words:
 *
 *     | hash : 32, brief : 1, count : 31 | epoch : 32 | frames ... | modules, 16 bits each ... |
 *
 * Stacks are equal when their frames and the modules of these are, and both or neither are
 * brief.  The epoch is that of the modules in which the frames' addresses were last known to be
 * in the modules that are noted. */
#include "trace/depot.h"

#include <string.h>

#include "base/check.h"
#include "base/critical.h"
#include "base/debugger.h"
#include "base/lock.h"
#include "base/meta.h"
#include "base/os.h"
#include "trace/capture.h"
#include "trace/modules.h"

enum {
    STORE_BYTES_MAX = 1 << 30,
    STORE_STEP = 1 << 20,
    TABLE_LEAST = 4096,
    HEADER = 2, /* words */
};

#define BRIEF (UINT32_C(1) << 31)

/* The store only grows, and but for the epochs its stacks never change: they are read without
 * the lock. */
static struct {
    struct lock lock;
    uint64_t *store;
    size_t used, ready; /* words; word 0 is not used */
    uint32_t *table;
    size_t slots; /* of the table, a power of two */
    size_t count;
    /* Of the frames that are looked for, under the lock: a signal stack has no room for them. */
    uint16_t modules[CAPTURE_DEPTH_MAX];
} depot PRIVATE_DATA;

DEBUGGER_TABLE = {
    DEBUGGER_VARIABLE("depot.store", depot.store),
    {"depot.header", NULL, HEADER, 0, DEBUGGER_MAGIC},
    DEBUGGER_NUMBER(CAPTURE_DEPTH_MAX),
    {"depot.brief", NULL, BRIEF, 0, DEBUGGER_MAGIC},
};

static uint32_t hash_of(const uintptr_t *frames, size_t count)
{
    uint64_t h = count;
    for (size_t i = 0; i < count; i++)
        h = (h ^ frames[i]) * UINT64_C(0x9e3779b97f4a7c15), h ^= h >> 29;
    return (uint32_t)(h ^ h >> 32);
}

static uint32_t count_at(uint32_t stack)
{
    return (uint32_t)depot.store[stack] & ~BRIEF;
}

static uint32_t brief_at(uint32_t stack)
{
    return (uint32_t)depot.store[stack] & BRIEF;
}

size_t depot_get(uint32_t stack, const uintptr_t **frames)
{
    *frames = NULL;
    if (!stack)
        return 0;
    *frames = (const uintptr_t *)&depot.store[stack + HEADER];
    return count_at(stack);
}

bool depot_is_brief(uint32_t stack)
{
    return stack && brief_at(stack);
}

static uint16_t *modules_in(uint32_t stack)
{
    return (uint16_t *)&depot.store[stack + HEADER + count_at(stack)];
}

const uint16_t *depot_modules(uint32_t stack)
{
    return stack ? modules_in(stack) : NULL;
}

static size_t words_of(size_t count)
{
    size_t bytes = align_up(count * sizeof(uint16_t), sizeof *depot.store);
    return HEADER + count + bytes / sizeof *depot.store;
}

static uint32_t hash_at(uint32_t stack)
{
    return (uint32_t)(depot.store[stack] >> 32);
}

static bool has_frames(uint32_t stack, uint32_t hash, const uintptr_t *frames,
                       size_t count, uint32_t brief)
{
    const uintptr_t *stored;
    return hash_at(stack) == hash && brief_at(stack) == brief &&
           depot_get(stack, &stored) == count &&
           memcmp(stored, frames, count * sizeof *frames) == 0;
}

/* Whether the frames of a stack, which are these, are in the modules still that are noted
 * for them. */
static bool has_modules(uint32_t stack, const uintptr_t *frames, size_t count,
                        uint64_t epoch)
{
    uint16_t *modules = depot.modules;
    if (depot.store[stack + 1] == epoch)
        return true;
    modules_of(frames, modules, count);
    if (memcmp(modules, modules_in(stack), count * sizeof *modules) != 0)
        return false;
    depot.store[stack + 1] = epoch;
    return true;
}

static bool grow_table(void)
{
    size_t slots = max_size(2 * depot.slots, TABLE_LEAST);
    uint32_t *table = meta_alloc(ACCOUNT_CALLS, slots * sizeof *table);
    if (!table)
        return false;
    for (size_t i = 0; i < depot.slots; i++) {
        uint32_t stack = depot.table[i];
        if (!stack)
            continue;
        size_t at = hash_at(stack) & (slots - 1);
        while (table[at])
            at = (at + 1) & (slots - 1);
        table[at] = stack;
    }
    meta_free(depot.table, depot.slots * sizeof *table);
    depot.table = table;
    depot.slots = slots;
    return true;
}

/* Room for `words` more in the store. */
static bool grow_store(size_t words)
{
    if (!depot.store) {
        depot.store = os_reserve(STORE_BYTES_MAX, OS_PAGE);
        if (!depot.store)
            return false;
        os_leave_out(depot.store, STORE_BYTES_MAX);
        account_add(ACCOUNT_CALLS, depot.store, STORE_BYTES_MAX);
        depot.used = 1;
    }
    while (depot.ready - depot.used < words || depot.ready == 0) {
        size_t bytes = depot.ready * sizeof *depot.store;
        if (bytes + STORE_STEP > STORE_BYTES_MAX ||
            !os_commit((char *)depot.store + bytes, STORE_STEP))
            return false;
        os_put_in((char *)depot.store + bytes, STORE_STEP);
        depot.ready += STORE_STEP / sizeof *depot.store;
    }
    return true;
}

static uint32_t store(const uintptr_t *frames, size_t count, uint32_t hash,
                      uint64_t epoch, uint32_t brief)
{
    if (!grow_store(words_of(count)))
        return 0;
    uint32_t stack = (uint32_t)depot.used;
    depot.store[stack] = (uint64_t)hash << 32 | brief | count;
    depot.store[stack + 1] = epoch;
    memcpy(&depot.store[stack + HEADER], frames, count * sizeof *frames);
    modules_of(frames, modules_in(stack), count);
    depot.used += words_of(count);
    depot.count++;
    return stack;
}

static uint32_t put(const uintptr_t *frames, size_t count, uint32_t brief)
{
    lock_check_held(RANK_DEPOT);
    if (count == 0 || count > CAPTURE_DEPTH_MAX ||
        (2 * depot.count >= depot.slots && !grow_table()))
        return 0;
    uint32_t hash = hash_of(frames, count);
    uint64_t epoch = modules_epoch();
    size_t at = hash & (depot.slots - 1);
    for (; depot.table[at]; at = (at + 1) & (depot.slots - 1))
        if (has_frames(depot.table[at], hash, frames, count, brief) &&
            has_modules(depot.table[at], frames, count, epoch))
            return depot.table[at];
    return depot.table[at] = store(frames, count, hash, epoch, brief);
}

static uint32_t put_safely(const uintptr_t *frames, size_t count, uint32_t brief)
{
    critical_take(&depot.lock, RANK_DEPOT);
    uint32_t stack = put(frames, count, brief);
    critical_release(&depot.lock, RANK_DEPOT);
    return stack;
}

uint32_t depot_put(const uintptr_t *frames, size_t count)
{
    return put_safely(frames, count, 0);
}

uint32_t depot_put_brief(const uintptr_t *frames, size_t count)
{
    return put_safely(frames, count, BRIEF);
}

size_t depot_count(void)
{
    return depot.count;
}

/* Between its first slot and its own there is no empty one. */
static bool is_on_its_way(size_t slot)
{
    size_t at = hash_at(depot.table[slot]) & (depot.slots - 1);
    while (at != slot && depot.table[at])
        at = (at + 1) & (depot.slots - 1);
    return at == slot;
}

size_t depot_check(void)
{
    size_t found = 0;
    for (size_t i = 0; i < depot.slots; i++) {
        const uintptr_t *frames;
        if (!depot.table[i])
            continue;
        size_t count = depot_get(depot.table[i], &frames);
        CHECK(count > 0 && depot.table[i] + count < depot.used);
        CHECK(hash_of(frames, count) == hash_at(depot.table[i]));
        CHECK(is_on_its_way(i));
        found++;
    }
    CHECK(found == depot.count && 2 * found <= max_size(depot.slots, 1));
    return found;
}
