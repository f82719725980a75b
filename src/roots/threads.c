/* Puts the roots of all threads together: stacks, static data, thread-local and
 * thread-specific variables.  It marks nothing, and stops nobody.  What may take a lock
 * of others, threads_snapshot asks before the stop. */
#include "roots/threads.h"

#include <unistd.h>

#include "base/bits.h"
#include "base/lock.h"
#include "base/maps.h"
#include "base/meta.h"
#include "base/specific.h"
#include "roots/coroutines.h"
#include "world/control.h"
#include "world/fast.h"
#include "world/faults.h"
#include "world/fork.h"
#include "world/stop.h"
#include "world/timers.h"

enum {
    /* Bytes of a stopped thread's stack.  A deeper thread keeps its cache as it is; so the
     * pause does not read deep stacks twice. */
    STOPPED_MOST = 256 << 10,
};

const struct snapshot *threads_snapshot(const struct heap *h, uintptr_t sp)
{
    struct mutator *m = thread_self;
    struct snapshot *s = m->snapshot;
    if (!s && !(s = m->snapshot = meta_alloc(ACCOUNT_THREADS, sizeof *s)))
        return NULL;
    range_list_clear(&s->stacks);
    range_list_clear(&s->segments);
    range_list_clear(&s->variables);
    tls_modules_clear(&s->modules);
    world_publish(m, sp);
    stack_snapshot(h, m, m->sp, s->pointers, &s->stacks);
    fork_hold_off();
    segments_snapshot(&s->segments, &s->variables, &s->modules, &s->loaded);
    fork_let_go_on();
    return s;
}

static void add_list(struct range_list *to, const struct range_list *from)
{
    for (size_t i = 0; i < from->count; i++)
        range_list_add(to, from->ranges[i].low, from->ranges[i].high);
    to->incomplete |= from->incomplete;
}

static void add_words(struct range_list *l, void **words, size_t count)
{
    range_list_add(l, (uintptr_t)words, (uintptr_t)(words + count));
}

/* The thread-specific values of a thread. */
static void add_specific(uintptr_t pointer, struct range_list *roots)
{
    for (size_t i = 0; i < SPECIFIC_BLOCKS; i++) {
        uintptr_t block = (uintptr_t)specific_block(pointer, i);
        if (block)
            range_list_add(roots, block, block + SPECIFIC_BLOCK_BYTES);
    }
}

/* What a record keeps for a thread that does not run yet, or no more, and what else only the system has. */
static void add_record(struct mutator *m, struct range_list *roots)
{
    add_words(roots, &m->argument, 1);
    add_words(roots, &m->result, 1);
    add_words(roots, &m->armed, 1);
    add_words(roots, &m->disarmed.ss_sp, 1);
}

static void add_values(struct mutator *m, struct range_list *roots)
{
    if (!specific_is_known())
        add_words(roots, m->values, m->value_count);
    else
        add_specific(m->pointer, roots);
}

/* A range of words, and whether a word of it is an address in a fast path. */
struct named {
    const uintptr_t *words;
    size_t count;
    bool found;
};

static void look_for_fast(void *argument)
{
    struct named *n = argument;
    n->found = fast_is_among(n->words, n->count);
}

/* Whether a word in [low, high) is an address in a fast path.  Also true where the range
 * is too long to be looked at in a pause, or has pages that cannot be read. */
static bool is_fast_named(uintptr_t low, uintptr_t high)
{
    low = align_up(low, sizeof(uintptr_t));
    if (low >= high)
        return false;
    if (high - low > STOPPED_MOST)
        return true;
    struct named n = {(const uintptr_t *)low, (high - low) / sizeof(uintptr_t), false};
    return !faults_try(look_for_fast, &n, low, high) || n.found;
}

/* Whether one of the stacks, from the list's `first` on, names a fast path, or is missing
 * in the list.  Of the stack that `interrupted` lies on, the part above it counts. */
static bool names_fast_path(const struct range_list *stacks, size_t first,
                            uintptr_t interrupted)
{
    for (size_t i = first; i < stacks->count; i++) {
        struct range r = stacks->ranges[i];
        if (interrupted >= r.low && interrupted < r.high)
            r.low = interrupted;
        if (is_fast_named(r.low, r.high))
            return true;
    }
    return stacks->incomplete;
}

/* Behind the variables of what was there when the program began, the C library has room for those of libraries
 * that come later and find them by their distance from the thread pointer.  What a program uses of that is in
 * no vector of a thread's.  The main thread has this in a mapping of its own, which *local becomes; other threads
 * on their stacks. */
static void add_static_variables(uintptr_t pointer, struct range *local,
                                 struct range_list *roots)
{
    struct mapping m;
    if (!local->high && maps_find(pointer, &m) == MAPS_FOUND)
        *local = (struct range){m.low, m.high};
    struct range r = tls_static(pointer);
    r.low = max_size(r.low, local->low);
    r.high = min_size(r.high, local->high);
    if (r.low < r.high)
        range_list_add(roots, r.low, r.high);
}

static void add_main_variables(struct mutator *m, struct range_list *roots)
{
    struct range local = {m->local.low, m->local.high};
    if (m->pointer >= m->stack_low && m->pointer <= m->stack_high)
        return;
    add_static_variables(m->pointer, &local, roots);
    m->local.low = local.low;
    m->local.high = local.high;
}

static void add_living(const struct heap *h, const struct snapshot *s, struct mutator *m,
                       struct range_list *stacks, struct range_list *roots)
{
    size_t first = stacks->count;
    add_values(m, roots);
    tls_add_vector(m->pointer, roots);
    add_main_variables(m, roots);
    if (m == thread_self) {
        stack_add_left(m, m->sp, stacks);
        m->in_fast_path = names_fast_path(&s->stacks, 0, m->sp);
    } else {
        stack_add_stopped(h, m, stacks);
        tls_add_thread(&s->modules, m->pointer, roots);
    }
    m->in_fast_path = m->in_fast_path || names_fast_path(stacks, first, m->interrupted);
}

void threads_add_timers(struct range_list *roots)
{
    size_t count;
    bool all;
    lock_check_held(RANK_WORLD);
    const struct timed *table = timers_table(&count, &all);
    range_list_add(roots, (uintptr_t)table, (uintptr_t)(table + count));
    roots->incomplete |= !all;
}

void threads_add_kept(struct range_list *roots)
{
    size_t count;
    lock_check_held(RANK_WORLD);
    const uintptr_t *vectors = control_vectors(&count);
    range_list_add(roots, (uintptr_t)vectors, (uintptr_t)(vectors + count));
}

static bool is_shared(uintptr_t pointer)
{
    for (MUTATORS(m))
        if (thread_lives(m) && m->pointer == pointer)
            return true;
    return false;
}

void threads_roots(const struct heap *h, const struct snapshot *s,
                   struct range_list *stacks, struct range_list *roots)
{
    lock_check_held(RANK_WORLD);
    add_list(stacks, &s->stacks);
    add_list(roots, &s->segments);
    add_list(roots, &s->variables);
    coroutine_add_suspended(h, stacks);
    roots->incomplete |= s->modules.incomplete;
    for (MUTATORS(m)) {
        add_record(m, roots);
        if (thread_lives(m))
            add_living(h, s, m, stacks, roots);
    }
    for (const struct foreign *t = world_foreign(); t; t = t->next) {
        bool sharing = t->pointer && is_shared(t->pointer);
        stack_add_foreign(h, t, sharing, stacks);
        if (!t->pointer || sharing)
            continue;
        if (t->tid == getpid())
            add_static_variables(t->pointer, &(struct range){0, 0}, roots);
        tls_add_vector(t->pointer, roots);
        tls_add_thread(&s->modules, t->pointer, roots);
        if (specific_is_known())
            add_specific(t->pointer, roots);
    }
}
