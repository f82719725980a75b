/* A table without order, as programs have few timers. */
#include "world/timers.h"

#include <errno.h>

#include "base/check.h"
#include "base/debugger.h"
#include "base/lock.h"
#include "base/meta.h"
#include "world/lock.h"

/* Changed under the lock; read while the world is stopped. */
static struct {
    struct lock lock;
    struct timed *table;
    size_t count, capacity;
    bool lacks; /* one that there was no memory for */
} timers PRIVATE_DATA;

DEBUGGER_TABLE = {
    DEBUGGER_VARIABLE("timers.table", timers.table),
    DEBUGGER_VARIABLE("timers.count", timers.count),
    DEBUGGER_SIZE(timed),
    DEBUGGER_FIELD(timed, value),
};

/* The place of a timer, or one behind the last. */
static size_t find(uintptr_t timer)
{
    size_t i = 0;
    while (i < timers.count && timers.table[i].timer != timer)
        i++;
    return i;
}

static void put(struct timed t)
{
    size_t i = find(t.timer);
    struct timed *table =
        meta_grow(ACCOUNT_ROOTS, timers.table, i, &timers.capacity, sizeof *table);
    if (!table) {
        timers.lacks = true;
        return;
    }
    timers.table = table;
    timers.table[i] = t;
    timers.count += i == timers.count;
}

void timers_note(timer_t timer, void *value)
{
    int saved_errno = errno;
    bool taken = world_take(&timers.lock, RANK_ROOTS);
    put((struct timed){(uintptr_t)timer, value});
    world_give(&timers.lock, RANK_ROOTS, taken);
    errno = saved_errno;
}

void timers_forget(timer_t timer)
{
    bool taken = world_take(&timers.lock, RANK_ROOTS);
    size_t i = find((uintptr_t)timer);
    if (i < timers.count)
        timers.table[i] = timers.table[--timers.count];
    world_give(&timers.lock, RANK_ROOTS, taken);
}

const struct timed *timers_table(size_t *count, bool *all)
{
    lock_check_held(RANK_WORLD);
    *count = timers.count;
    *all = !timers.lacks;
    return timers.table;
}

void timers_check(void)
{
    lock_check_held(RANK_WORLD);
    CHECK(timers.count <= timers.capacity);
    for (size_t i = 0; i < timers.count; i++)
        CHECK(find(timers.table[i].timer) == i);
}

void timers_forked(void)
{
    timers.lock = (struct lock){0};
    timers.count = 0;
    timers.lacks = false;
}
