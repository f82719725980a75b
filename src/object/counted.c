/* Counting: destroying objects whose count has come to 0.
 *
 * What a destroy function releases is not destroyed inside of it: it goes to a list of the
 * thread, which the outermost call works through, linked through the heads.  A cycle finds what
 * is on such lists by its flag. */
#include "object/counted.h"

#include <errno.h>

#include "base/log.h"
#include "base/options.h"
#include "heap/heap.h"
#include "mutator/hooks.h"
#include "mutator/object.h"

enum { HEAD_BYTES = sizeof(struct gc_counted_head) };

void (*counted_suspect)(struct gc_counted_head *head) PRIVATE_DATA;
size_t (*counted_destroy_found)(void) PRIVATE_DATA;

size_t gc_counted_count(const void *object)
{
    struct cell o;
    if (!object_around(object, &o) || (uintptr_t)object != o.address + HEAD_BYTES)
        return 0;
    const struct gc_counted_head *head = counted_head(&process_heap, &o);
    uint64_t word = head ? counted_word(head) : 0;
    return word & (COUNTED_DYING | COUNTED_DESTROYED) ? 0 : word / GC_COUNTED_ONE;
}

bool counted_retain(void *object)
{
    struct cell o;
    struct gc_counted_head *head =
        object_around(object, &o) ? counted_head(&process_heap, &o) : NULL;
    if (!head || object != head + 1)
        return errno = EINVAL, false;
    uint64_t word = counted_word(head);
    do {
        if ((int64_t)word < GC_COUNTED_ONE || word & (COUNTED_DYING | COUNTED_DESTROYED))
            return false;
    } while (!__atomic_compare_exchange_n(&head->word, &word, word + GC_COUNTED_ONE, true,
                                          __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
    return true;
}

/* ---- Destroying --------------------------------------------------------------------------------- */

/* Of each thread: the first that waits, and the frame of the call that works through them; 0:
 * none does.  One that was left all the same lies further down than who looks for it. */
static __thread struct {
    uint64_t first; /* in granules from the heap's base; 0: none */
    uintptr_t frame;
    bool dead_wait; /* those that collections have found are to come afterwards */
} dying __attribute__((tls_model("initial-exec")));

uint32_t counted_dying PRIVATE_DATA;

/* The word of one that waits: the next one, and the count, which may change meanwhile, with so
 * much added that it stays positive.
 *
 *   62     27   26   25      8   7  4   3     0
 *  |  link   |   -  |  count  |   -  |  flags  | */
enum { COUNT_SHIFT = 8, COUNT_BITS = 18, LINK_SHIFT = 27 };

#define COUNT_BIAS (INT64_C(1) << (COUNT_BITS - 1))
#define COUNT_MOST (COUNT_BIAS / 2)

static void push(struct gc_counted_head *head)
{
    uint64_t word = counted_word(head);
    int64_t count = (int64_t)word >> COUNT_SHIFT;
    count = count < COUNT_MOST ? count : COUNT_MOST;
    uint64_t flags = (word & COUNTED_FLAGS) | COUNTED_DYING;
    counted_set_word(head, dying.first << LINK_SHIFT |
                               (uint64_t)(count + COUNT_BIAS) << COUNT_SHIFT | flags);
    dying.first = ((uintptr_t)head - process_heap.base) / GRANULE;
}

/* The word of one that waits no longer. */
static uint64_t word_without_link(uint64_t word)
{
    uint64_t field = word >> COUNT_SHIFT & ((UINT64_C(1) << COUNT_BITS) - 1);
    return (uint64_t)((int64_t)field - COUNT_BIAS) << COUNT_SHIFT |
           (word & (COUNTED_FLAGS - COUNTED_DYING));
}

static struct gc_counted_head *pop(void)
{
    struct gc_counted_head *head =
        (struct gc_counted_head *)(process_heap.base + dying.first * GRANULE);
    uint64_t word = counted_word(head);
    dying.first = word >> LINK_SHIFT;
    counted_set_word(head, word_without_link(word) | COUNTED_DESTROYED);
    return head;
}

void counted_orphaned(struct gc_counted_head *head)
{
    counted_set_word(head, word_without_link(counted_word(head)));
}

void counted_dying_forked(void)
{
    counted_dying = dying.frame != 0;
}

/* Weak links to it are cleared before anything of it is gone. */
static void forget(struct gc_counted_head *head)
{
    struct cell o = {.address = (uintptr_t)head};
    if (!object_is_noted(&process_heap, &o))
        return;
    o = lookup_cell(&process_heap, (uintptr_t)head);
    object_hooks.freed(&o);
}

static void end(struct gc_counted_head *head)
{
    forget(head);
    if (head->destroy)
        head->destroy(head + 1);
    if (counted_word(head) & COUNTED_DEAD)
        return;
    if (OPTION_NOW(verify))
        counted_suspect(head);
    else
        gc_free(head);
}

/* Which has no place on the list.  Memory of another allocator is left to whoever gave it. */
static void end_foreign(struct gc_counted_head *head)
{
    struct cell o;
    counted_set_word(head, counted_word(head) | COUNTED_DESTROYED);
    if (head->destroy)
        head->destroy(head + 1);
    if (object_at(head, &o))
        gc_free(head);
}

bool counted_postpone_dead(void)
{
    bool inside = dying.frame > (uintptr_t)__builtin_frame_address(0);
    dying.dead_wait |= inside;
    return inside;
}

static void end_or_push(struct gc_counted_head *head)
{
    if (counted_word(head) & COUNTED_FOREIGN)
        end_foreign(head);
    else
        push(head);
}

NOINLINE void counted_destroy(struct gc_counted_head *head)
{
    uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
    if (dying.frame > frame)
        return end_or_push(head);
    dying.frame = frame;
    dying.dead_wait = false;
    __atomic_fetch_add(&counted_dying, 1, __ATOMIC_SEQ_CST);
    end_or_push(head);
    while (dying.first)
        end(pop());
    __atomic_fetch_sub(&counted_dying, 1, __ATOMIC_SEQ_CST);
    dying.frame = 0;
    if (dying.dead_wait)
        counted_destroy_found();
}

NOINLINE static void refuse(struct gc_counted_head *head)
{
    static bool said PRIVATE_DATA;
    __atomic_fetch_add(&head->word, GC_COUNTED_ONE, __ATOMIC_RELAXED);
    if (!__atomic_exchange_n(&said, true, __ATOMIC_RELAXED))
        log_line("gc_release(%p): the object has no reference left to release, which is "
                 "ignored",
                 (void *)(head + 1));
}

/* A destroyed one that others released on their way is left to whoever destroyed it. */
void gc_counted_end(void *object)
{
    if (!object)
        return;
    struct gc_counted_head *head = gc_counted_head_of(object);
    uint64_t word = counted_word(head);
    if ((int64_t)word < 0 && !(word & COUNTED_DEAD))
        return refuse(head);
    if (word & (COUNTED_DESTROYED | COUNTED_DYING))
        return;
    counted_destroy(head);
}
