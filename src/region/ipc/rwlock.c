/* Reader-writer locks.
 *
 * Each thread that reads has a word of its own in the lock, by the number of its slot; the writer is in one
 * word.  A reader stores that it reads and then looks for a writer, a writer stores that it comes and then looks
 * at the readers, in one order for everybody: so either sees the other.  All words name their owner, so
 * that what the dead have is taken from them by whoever waits for it. */
#include <errno.h>
#include <string.h>

#include "region/ipc/ipc.h"

enum {
    CHUNK = 64, /* readers' words that come into being together */
    CHUNKS = REGION_THREADS / CHUNK,
};

/* Beside the owner in the writer's word. */
#define HAS (UINT64_C(1) << 62)  /* the readers have gone: the owner has the lock */
#define TORN (UINT64_C(1) << 63) /* a former owner died with it */

struct chunk {
    uint64_t readers[CHUNK]; /* the owner, or 0.  Atomic */
};

struct gc_rwlock {
    uint64_t kind;
    uint64_t writer; /* atomic */
    struct bell bell;
    struct chunk *chunks[CHUNKS]; /* atomic */
};

/* What a call is at. */
struct locking {
    struct wait wait;
    gc_region *region;
    gc_rwlock *lock;
    uint64_t self;
    uint64_t *reader; /* the caller's word */
    bool torn;
};

static uint64_t load(const uint64_t *word)
{
    return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

static bool swap(uint64_t *word, uint64_t from, uint64_t to)
{
    return __atomic_compare_exchange_n(word, &from, to, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST);
}

static void store(uint64_t *word, uint64_t value)
{
    __atomic_exchange_n(word, value, __ATOMIC_SEQ_CST);
}

/* What stays in the writer's word of somebody that died. */
static uint64_t legacy(uint64_t writer)
{
    return writer & (HAS | TORN) ? TORN : 0;
}

gc_rwlock *gc_rwlock_new(gc_region *r)
{
    return ipc_new(r, IPC_RWLOCK, sizeof(gc_rwlock));
}

/* The words of 64 threads; NULL with errno. */
static struct chunk *make_chunk(gc_region *r, struct chunk **place)
{
    struct chunk *none = NULL, *made = gc_region_alloc_atomic(r, sizeof *made);
    if (!made)
        return NULL;
    memset(made, 0, sizeof *made);
    if (__atomic_compare_exchange_n(place, &none, made, false, __ATOMIC_SEQ_CST,
                                    __ATOMIC_SEQ_CST))
        return made;
    gc_region_free(r, made);
    return none;
}

static uint64_t *reader_of(gc_rwlock *l, uint32_t number, bool make, gc_region *r)
{
    struct chunk **place = &l->chunks[(number - 1) / CHUNK];
    struct chunk *c = __atomic_load_n(place, __ATOMIC_SEQ_CST);
    if (!c && make)
        c = make_chunk(r, place);
    return c ? &c->readers[(number - 1) % CHUNK] : NULL;
}

/* Whether the thread has the lock already. */
static bool has(const struct locking *a)
{
    return (a->reader && load(a->reader) == a->self) ||
           (load(&a->lock->writer) & OWNER_BITS) == a->self;
}

static bool begin(struct locking *a, gc_region *r, gc_rwlock *l, int timeout_ms,
                  bool read)
{
    struct region_use *u = ipc_use(r, l, IPC_RWLOCK);
    if (!u || !wait_begin(&a->wait, u, timeout_ms, l, NULL))
        return false;
    a->region = r;
    a->lock = l;
    a->self = owner_self(u);
    a->torn = false;
    a->reader = reader_of(l, u->number, read, r);
    if (read && !a->reader)
        return false;
    if (has(a))
        return region_fail(EDEADLK, "%s: the thread has the lock already", r->name) == 0;
    return true;
}

/* ---- Reading ------------------------------------------------------------------------------------- */

/* Whether no writer has the lock, or waits for it; one that is dead does neither. */
static bool no_writer(struct locking *a, uint64_t *writer)
{
    gc_rwlock *l = a->lock;
    *writer = load(&l->writer);
    if (!(*writer & OWNER_BITS))
        return true;
    if (!a->wait.look || !owner_is_dead(a->region, *writer) ||
        !swap(&l->writer, *writer, legacy(*writer)))
        return false;
    *writer = legacy(*writer);
    bell_ring(&l->bell);
    return true;
}

/* A writer that came in between may wait for this reader. */
static int try_read(void *data)
{
    struct locking *a = data;
    uint64_t writer;
    if (!no_writer(a, &writer))
        return EAGAIN;
    store(a->reader, a->self);
    writer = load(&a->lock->writer);
    a->torn = writer & TORN;
    if (!(writer & OWNER_BITS))
        return 0;
    store(a->reader, 0);
    bell_ring(&a->lock->bell);
    return EAGAIN;
}

int gc_rwlock_read(gc_region *r, gc_rwlock *l, int timeout_ms)
{
    struct locking a;
    if (!begin(&a, r, l, timeout_ms, true) ||
        wait_for(&a.wait, &l->bell, try_read, &a) != 0)
        return -1;
    return a.torn;
}

/* ---- Writing ------------------------------------------------------------------------------------- */

/* The writer's word becomes the caller's. */
static bool come(struct locking *a)
{
    uint64_t *place = &a->lock->writer, writer = load(place);
    if ((writer & OWNER_BITS) == a->self)
        return true;
    if ((writer & OWNER_BITS) && (!a->wait.look || !owner_is_dead(a->region, writer)))
        return false;
    return swap(place, writer, legacy(writer) | a->self);
}

static bool no_reader_in(struct locking *a, struct chunk *c)
{
    for (int i = 0; i < CHUNK; i++) {
        uint64_t reader = load(&c->readers[i]);
        if (reader && (!a->wait.look || !owner_is_dead(a->region, reader) ||
                       !swap(&c->readers[i], reader, 0)))
            return false;
    }
    return true;
}

static bool no_reader(struct locking *a)
{
    for (int i = 0; i < CHUNKS; i++) {
        struct chunk *c = __atomic_load_n(&a->lock->chunks[i], __ATOMIC_SEQ_CST);
        if (c && !no_reader_in(a, c))
            return false;
    }
    return true;
}

static int try_write(void *data)
{
    struct locking *a = data;
    if (!come(a) || !no_reader(a))
        return EAGAIN;
    uint64_t writer = load(&a->lock->writer);
    a->torn = writer & TORN;
    store(&a->lock->writer, writer | HAS);
    return 0;
}

/* The time is over: those that this one kept out go on. */
static void withdraw(struct locking *a)
{
    uint64_t writer = load(&a->lock->writer);
    if ((writer & OWNER_BITS) != a->self)
        return;
    store(&a->lock->writer, writer & TORN);
    bell_ring(&a->lock->bell);
}

int gc_rwlock_write(gc_region *r, gc_rwlock *l, int timeout_ms)
{
    struct locking a;
    if (!begin(&a, r, l, timeout_ms, false))
        return -1;
    if (wait_for(&a.wait, &l->bell, try_write, &a) == 0)
        return a.torn;
    withdraw(&a);
    return -1;
}

/* ---- Giving up ----------------------------------------------------------------------------------- */

int gc_rwlock_unlock(gc_region *r, gc_rwlock *l)
{
    struct region_use *u = ipc_use(r, l, IPC_RWLOCK);
    if (!u)
        return -1;
    uint64_t self = owner_self(u), writer = load(&l->writer);
    uint64_t *reader = reader_of(l, u->number, false, r);
    if (writer == (self | HAS) || writer == (self | HAS | TORN)) {
        store(&l->writer, 0);
        bell_ring(&l->bell);
        return 0;
    }
    if (!reader || load(reader) != self)
        return region_fail(EPERM, "%s: the thread does not have the lock", r->name);
    store(reader, 0);
    if (load(&l->writer) & OWNER_BITS)
        bell_ring(&l->bell);
    return 0;
}
