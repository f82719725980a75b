/* The list of records, their two indexes, and the unused ones.  Records lie in the
 * library's own memory and are used again, never returned: whoever still looks at one
 * finds a record. */
#include "world/registry.h"

#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/debugger.h"
#include "base/lock.h"
#include "base/meta.h"
#include "heap/cache.h"
#include "world/self.h"

/* The world lock guards all but what is atomic. */
static struct {
    struct mutator *first;
    struct mutator *unused;      /* linked through `next` */
    struct index names, numbers; /* records by pthread_t and by tid */
    uint64_t made;               /* how many records so far */
    size_t program;              /* threads of the program that start or live */
    uint32_t lost;               /* see registry_lost_count.  Atomic */
    pid_t process;               /* whose threads these are; changed while there is one */
} registry PRIVATE_DATA;

DEBUGGER_TABLE = {DEBUGGER_VARIABLE("registry.first", registry.first)};

struct mutator *registry_first(void)
{
    lock_check_held(RANK_WORLD);
    return registry.first;
}

void registry_begin(void)
{
    lock_check_held(RANK_WORLD);
    registry.process = getpid();
}

bool registry_is_here(void)
{
    return registry.process == getpid();
}

/* ---- Records ----------------------------------------------------------------------- */

static struct mutator *take_record(void)
{
    struct mutator *m = registry.unused;
    if (!m)
        return meta_alloc(ACCOUNT_THREADS, sizeof *m);
    registry.unused = m->next;
    struct snapshot *snapshot = m->snapshot;
    memset(m, 0, offsetof(struct mutator, values));
    m->snapshot = snapshot;
    return m;
}

static void link_record(struct mutator *m)
{
    m->next = registry.first;
    m->previous = NULL;
    if (m->next)
        m->next->previous = m;
    registry.first = m;
}

static void drop_record(struct mutator *m)
{
    if (m->previous)
        m->previous->next = m->next;
    else
        registry.first = m->next;
    if (m->next)
        m->next->previous = m->previous;
    index_remove(&registry.names, &m->name);
    index_remove(&registry.numbers, &m->number);
    life_change(&m->life, LIFE_NONE);
    safety_change(&m->safety, SAFETY_SAFE, SAFETY_NONE);
    m->serial = 0;
    m->next = registry.unused;
    registry.unused = m;
}

static void end_cache(struct cache **c)
{
    if (*c)
        cache_destroy(*c);
    *c = NULL;
}

void registry_end(struct mutator *m)
{
    lock_check_held(RANK_WORLD);
    end_cache(&m->cache);
    end_cache(&m->spare);
    for (struct cache *c; (c = m->aside) != NULL; m->aside_count--) {
        m->aside = c->next;
        cache_destroy(c);
    }
    m->ready = false;
    index_remove(&registry.numbers, &m->number);
    if (m->life != LIFE_FINISHED) {
        registry.program -= !m->own;
        life_change(&m->life, LIFE_FINISHED);
    }
    if (!m->joinable)
        drop_record(m);
}

struct mutator *registry_add(bool own, bool joinable, pthread_t *place)
{
    lock_check_held(RANK_WORLD);
    struct mutator *m = take_record();
    if (!m)
        return NULL;
    m->joinable = joinable;
    m->place = place;
    m->serial = ++registry.made;
    m->own = own;
    registry.program += !own;
    life_change(&m->life, LIFE_STARTING);
    link_record(m);
    return m;
}

void registry_discard(struct mutator *m)
{
    lock_check_held(RANK_WORLD);
    registry.program -= !m->own;
    drop_record(m);
}

bool registry_is_empty(void)
{
    lock_check_held(RANK_WORLD);
    return registry.program == 0;
}

void registry_lost(struct mutator *m)
{
    registry_count_lost();
    registry_end(m);
}

uint32_t registry_lost_count(void)
{
    return __atomic_load_n(&registry.lost, __ATOMIC_RELAXED);
}

void registry_count_lost(void)
{
    __atomic_fetch_add(&registry.lost, 1, __ATOMIC_RELAXED);
}

/* ---- Names ---------------------------------------------------------------------------

 * The C library gives a pthread_t, and the system a tid, to another thread as soon as the
 * first one is gone.  A record that still has it then is of a thread whose end nobody here
 * has seen. */

static void supersede(struct mutator *m)
{
    lock_check_held(RANK_WORLD);
    if (!m)
        return;
    index_remove(&registry.names, &m->name);
    __atomic_store_n(&m->joinable, false, __ATOMIC_RELAXED);
    if (m->life == LIFE_LIVING)
        registry_lost(m);
    else if (m->life == LIFE_FINISHED)
        drop_record(m);
}

static void enter_name(struct mutator *m, pthread_t thread)
{
    supersede(index_find(&registry.names, (uintptr_t)thread));
    index_add(&registry.names, &m->name, (uintptr_t)thread, m);
}

/* A thread that has left and comes again is joined as it would have been. */
static void inherit(struct mutator *m, pthread_t thread)
{
    const struct mutator *before = index_find(&registry.names, (uintptr_t)thread);
    if (m->start || !before || before->life != LIFE_FINISHED)
        return;
    m->joinable = true;
    m->result = before->result;
}

void registry_name(struct mutator *m, pthread_t thread)
{
    if (m->named)
        return;
    m->named = true;
    inherit(m, thread);
    if (m->joinable)
        enter_name(m, thread);
    if (m->place)
        *m->place = thread;
    m->place = NULL;
}

void registry_number(struct mutator *m)
{
    struct mutator *before = index_find(&registry.numbers, (uintptr_t)m->tid);
    if (before)
        registry_lost(before);
    index_add(&registry.numbers, &m->number, (uintptr_t)m->tid, m);
}

/* ---- Joining ----------------------------------------------------------------------- */

struct mutator *registry_claim(pthread_t thread)
{
    struct mutator *m = index_find(&registry.names, (uintptr_t)thread);
    if (m)
        index_remove(&registry.names, &m->name);
    return m;
}

/* Another thread may have joined this one meanwhile, and the C library may have given its
 * name to a third, which keeps it. */
void registry_unclaim(struct mutator *m, pthread_t thread)
{
    if (index_find(&registry.names, (uintptr_t)thread))
        supersede(m);
    else
        enter_name(m, thread);
}

/* If the thread's exit hook has not run, it has ended without. */
void registry_joined(struct mutator *m)
{
    supersede(m);
}

/* The record goes now, or when the thread ends. */
void registry_detached(struct mutator *m)
{
    lock_check_held(RANK_WORLD);
    __atomic_store_n(&m->joinable, false, __ATOMIC_RELAXED);
    if (m->life == LIFE_FINISHED)
        drop_record(m);
}

/* ---- Fork -------------------------------------------------------------------------- */

void registry_forked(void)
{
    struct mutator *next;
    registry_begin();
    for (struct mutator *m = registry.first; m; m = next) {
        next = m->next;
        m->joinable = m->joinable && m == thread_self;
        if (m != thread_self)
            registry_lost(m);
    }
    if (!thread_self)
        return;
    thread_self->tid = gettid();
    index_remove(&registry.numbers, &thread_self->number);
    index_add(&registry.numbers, &thread_self->number, (uintptr_t)thread_self->tid,
              thread_self);
}

/* ---- Checking ---------------------------------------------------------------------- */

struct tally {
    size_t names, numbers, program;
};

static void check_indexes(const struct mutator *m, struct tally *t)
{
    CHECK(!m->name.owner || (m->name.owner == m && m->joinable && m->named));
    CHECK(!m->number.owner || (m->number.owner == m && m->life != LIFE_FINISHED &&
                               m->number.key == (uintptr_t)m->tid));
    t->names += m->name.owner != NULL;
    t->numbers += m->number.owner != NULL;
}

static void check_life(const struct mutator *m)
{
    CHECK(m->life != LIFE_NONE);
    if (m->life == LIFE_LIVING)
        CHECK(m->number.owner && m->critical && m->pointer);
    if (m->life == LIFE_FINISHED) {
        CHECK(m->joinable && !m->ready);
        CHECK(!m->cache && !m->spare && m->aside_count == 0 && !m->aside);
    }
}

/* Checks the list, of which the latest record is the first. */
static void check_list(struct tally *t)
{
    const struct mutator *before = NULL;
    for (const struct mutator *m = registry.first; m; before = m, m = m->next) {
        CHECK(m->previous == before);
        CHECK(m->serial > 0 &&
              m->serial <= (before ? before->serial - 1 : registry.made));
        check_life(m);
        check_indexes(m, t);
        t->program += m->life != LIFE_FINISHED && !m->own;
    }
}

static void check_unused(void)
{
    for (const struct mutator *m = registry.unused; m; m = m->next) {
        CHECK(m->life == LIFE_NONE && m->serial == 0 && m->safety == SAFETY_NONE);
        CHECK(!m->name.owner && !m->number.owner);
    }
}

void registry_check(void)
{
    struct tally t = {0};
    check_list(&t);
    check_unused();
    CHECK(t.program == registry.program);
    CHECK(index_check(&registry.names) == t.names);
    CHECK(index_check(&registry.numbers) == t.numbers);
}
