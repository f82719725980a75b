#include "object/watch.h"

#include <string.h>

#include "base/check.h"
#include "base/critical.h"
#include "heap/heap.h"
#include "heap/lookup.h"

struct watched watched PRIVATE_DATA = {
    .watches = TABLE(struct watch, object, next),
    .kept = TABLE_OF_TWO(struct kept, guardian, next, object, next_of_object),
};

void watch_lock(void)
{
    critical_take(&watched.lock, RANK_OBJECT);
}

void watch_unlock(void)
{
    critical_release(&watched.lock, RANK_OBJECT);
}

/* Room for all guarded objects, and one more, to be kept. */
static bool reserve_kept(bool guarded)
{
    size_t kept = (size_t)watched.kept.count + watched.guarded + guarded;
    return table_reserve(&watched.kept, kept);
}

/* Counts a watch with these flags, which comes (1) or goes (-1). */
static void count(unsigned flags, int by)
{
    uint32_t change = (uint32_t)by;
    watched.guarded += flags & WATCH_GUARDED ? change : 0;
    watched.with_data += flags & WATCH_DATA ? change : 0;
    watched.unordered += flags & WATCH_UNORDERED ? change : 0;
    watched.ready += flags & WATCH_READY ? change : 0;
}

void watch_set_flags(struct watch *w, unsigned flags)
{
    count(w->flags, -1);
    count(flags, 1);
    w->flags = flags;
}

void watch_were_made_ready(uint32_t ordered, uint32_t unordered)
{
    watched.unordered -= unordered;
    watched.ready += ordered + unordered;
    if (ordered + unordered > 0)
        watched.ready_end = watched.watches.count;
}

bool watch_add(const struct watch *w)
{
    lock_check_held(RANK_OBJECT);
    if (!reserve_kept((w->flags & WATCH_GUARDED) != 0) || !table_add(&watched.watches, w))
        return false;
    count(w->flags, 1);
    return true;
}

void watch_replace(uint32_t number, const struct watch *w)
{
    lock_check_held(RANK_OBJECT);
    struct watch *old = watch_at(number);
    old->function = w->function;
    old->data = w->data;
    watch_set_flags(old, w->flags);
}

uint32_t watch_find(uintptr_t object)
{
    uint32_t number = table_find(&watched.watches, 0, object);
    while (number && watch_at(number)->flags & (WATCH_GUARDED | WATCH_READY))
        number = table_find_next(&watched.watches, 0, number);
    return number;
}

uint32_t watch_find_ready(void)
{
    lock_check_held(RANK_OBJECT);
    if (watched.ready == 0)
        return 0;
    uint32_t number = (uint32_t)min_size(watched.ready_end, watched.watches.count);
    while (!(watch_at(number)->flags & WATCH_READY))
        number--;
    return watched.ready_end = number;
}

void watch_call(uint32_t number)
{
    lock_check_held(RANK_OBJECT);
    watch_set_flags(watch_at(number), WATCH_CALLED);
    table_strike_out(&watched.watches, number);
    if (watched.ready == 0)
        table_tidy(&watched.watches);
}

void watch_remove(uint32_t number)
{
    lock_check_held(RANK_OBJECT);
    count(watch_at(number)->flags, -1);
    table_remove(&watched.watches, number);
}

static void remove_all(struct table *t, unsigned key, uintptr_t word)
{
    uint32_t number;
    while ((number = table_find(t, key, word)))
        table_remove(t, number);
}

/* Of objects whose pages the program has changed nothing is read: they may be without access. */
bool watch_is_guardian(uintptr_t object)
{
    struct cell o = lookup_cell(&process_heap, object);
    return !(o.word & UNIT_ALTERED) &&
           ((const struct gc_guardian *)object)->magic == GUARDIAN_MAGIC;
}

/* Entries of this key come to have another.  They find the room that they leave. */
static void rename_all(struct table *t, unsigned key, uintptr_t from, uintptr_t to)
{
    uint64_t copy[8];
    uint32_t number;
    CHECK(t->entry_bytes <= sizeof copy);
    while ((number = table_find(t, key, from))) {
        memcpy(copy, table_at(t, number), t->entry_bytes);
        *(uintptr_t *)(void *)((char *)copy + t->keys[key].key_at) = to;
        table_remove(t, number);
        table_add(t, copy);
    }
}

/* The guardian has come to another address. */
static void move_guarded(uintptr_t from, uintptr_t to)
{
    for (uint32_t number = watched.guarded ? watched.watches.count : 0; number;
         number--) {
        struct watch *w = watch_at(number);
        if (w->flags & WATCH_GUARDED && w->data == from)
            w->data = to;
    }
    rename_all(&watched.kept, 0, from, to);
}

static void forget_guarded(uintptr_t guardian)
{
    for (uint32_t number = watched.watches.count; number; number--) {
        const struct watch *w = watch_at(number);
        if (w->flags & WATCH_GUARDED && w->data == guardian)
            watch_remove(number);
    }
    remove_all(&watched.kept, 0, guardian);
}

void watch_forget(uintptr_t object)
{
    uint32_t number;
    watch_lock();
    while ((number = table_find(&watched.watches, 0, object)))
        watch_remove(number);
    remove_all(&watched.kept, 1, object);
    if ((watched.guarded || watched.kept.count) && watch_is_guardian(object))
        forget_guarded(object);
    watch_unlock();
}

/* Finalizers of the object that get it, or a part of it, as their data too. */
static void move_data(const struct cell *from, uintptr_t to)
{
    uint32_t number = table_find(&watched.watches, 0, from->address);
    for (; number; number = table_find_next(&watched.watches, 0, number)) {
        struct watch *w = watch_at(number);
        if (!(w->flags & WATCH_GUARDED) && w->data - from->address < from->size)
            w->data += to - from->address;
    }
}

void watch_move(const struct cell *old, uintptr_t to)
{
    uintptr_t from = old->address;
    watch_lock();
    move_data(old, to);
    rename_all(&watched.watches, 0, from, to);
    watched.ready_end = watched.watches.count; /* where it is now */
    rename_all(&watched.kept, 1, from, to);
    if (watch_is_guardian(to))
        move_guarded(from, to);
    watch_unlock();
}

void watch_note_more(void)
{
    watched.more = true;
}

bool watch_knows(uintptr_t object)
{
    watch_lock();
    bool knows =
        table_find(&watched.watches, 0, object) || table_find(&watched.kept, 1, object);
    watch_unlock();
    return knows;
}

void watch_check(void)
{
    uint32_t guarded = 0, with_data = 0, unordered = 0, ready = 0;
    table_check(&watched.watches);
    table_check(&watched.kept);
    for (uint32_t number = 1; number <= watched.watches.count; number++) {
        const struct watch *w = watch_at(number);
        CHECK(table_has(&watched.watches, number) == !(w->flags & WATCH_CALLED));
        CHECK(w->object != 0 && !(w->flags & (WATCH_LENT | WATCH_LENT_NEW)));
        CHECK((w->function == NULL) == ((w->flags & WATCH_GUARDED) != 0));
        guarded += (w->flags & WATCH_GUARDED) != 0;
        with_data += (w->flags & WATCH_DATA) != 0;
        unordered += (w->flags & WATCH_UNORDERED) != 0;
        ready += (w->flags & WATCH_READY) != 0;
        CHECK(watched.some_wait || !(w->flags & (WATCH_WAITS | WATCH_NAMED)));
        CHECK(!(w->flags & WATCH_READY) || number <= watched.ready_end);
    }
    CHECK(guarded == watched.guarded && with_data == watched.with_data);
    CHECK(unordered == watched.unordered && ready == watched.ready);
}
