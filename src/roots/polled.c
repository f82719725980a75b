/* epoll_ctl, in front of the C library's, and the table of what it was given: an open-addressed set.
 *
 * An address has a stamp, the number of the refresh that was the latest when the address came, or was found with the
 * kernel.  A refresh raises the number before it asks the kernel, and drops what has an older stamp afterwards: so
 * what comes meanwhile stays. */
#include "roots/polled.h"

#include <errno.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/check.h"
#include "base/debugger.h"
#include "base/lock.h"
#include "base/meta.h"
#include "base/os.h"
#include "base/polls.h"
#include "heap/heap.h"
#include "world/lock.h"
#include "world/next.h"

enum { PLACES_LEAST = 64 };

struct polled {
    uintptr_t word; /* 0: this place is free */
    uint64_t stamp;
};

/* Changed under the lock; read while the world is stopped. */
static struct {
    struct lock lock;
    struct polled *table;
    size_t places; /* a power of two, or 0 */
    size_t count;
    size_t found; /* so many were left by the last refresh */
    bool lacks;   /* one that there was no memory for, since the last refresh */
    uint64_t refreshes;
    pid_t
        asking; /* the process in which a refresh is on its way; atomic.  The child of a fork is another one */
} polled PRIVATE_DATA;

DEBUGGER_TABLE = {
    DEBUGGER_VARIABLE("polled.table", polled.table),
    DEBUGGER_VARIABLE("polled.places", polled.places),
    DEBUGGER_SIZE(polled),
    DEBUGGER_FIELD(polled, word),
};

static bool lock(void)
{
    return world_take(&polled.lock, RANK_ROOTS);
}

static void unlock(bool taken)
{
    world_give(&polled.lock, RANK_ROOTS, taken);
}

/* ---- The table ------------------------------------------------------------------------------------------- */

static struct polled *place_of(struct polled *table, size_t places, uintptr_t word)
{
    size_t i = hash_place(word, places);
    while (table[i].word && table[i].word != word)
        i = (i + 1) & (places - 1);
    return &table[i];
}

/* Makes the table anew, of those that have at least this stamp, with room for as many again.  Returns false if there
 * is no memory, and then it is as it was. */
static bool make_anew(uint64_t stamp)
{
    size_t places = PLACES_LEAST, count = 0;
    for (size_t i = 0; i < polled.places; i++)
        count += polled.table[i].word && polled.table[i].stamp >= stamp;
    while (places < 4 * count)
        places *= 2;
    struct polled *table = meta_alloc(ACCOUNT_ROOTS, places * sizeof *table);
    if (!table)
        return false;
    for (size_t i = 0; i < polled.places; i++)
        if (polled.table[i].word && polled.table[i].stamp >= stamp)
            *place_of(table, places, polled.table[i].word) = polled.table[i];
    meta_free(polled.table, polled.places * sizeof *table);
    polled.table = table;
    polled.places = places;
    polled.count = count;
    return true;
}

/* Half of the places stay free. */
static bool has_room(void)
{
    return 2 * (polled.count + 1) <= polled.places || make_anew(0);
}

static bool is_object(uint64_t word)
{
    return word - process_heap.base < RACING(process_heap.bytes);
}

static void note(uintptr_t word)
{
    if (!has_room()) {
        polled.lacks = true;
        return;
    }
    struct polled *p = place_of(polled.table, polled.places, word);
    polled.count += p->word == 0;
    *p = (struct polled){word, polled.refreshes};
}

static void note_object(uint64_t word)
{
    int saved_errno = errno;
    bool taken = lock();
    note((uintptr_t)word);
    unlock(taken);
    errno = saved_errno;
}

void polled_check(void)
{
    size_t count = 0;
    lock_check_held(RANK_WORLD);
    for (size_t i = 0; i < polled.places; i++) {
        const struct polled *p = &polled.table[i];
        CHECK(!p->word || place_of(polled.table, polled.places, p->word) == p);
        CHECK(p->stamp <= polled.refreshes);
        count += p->word != 0;
    }
    CHECK(count == polled.count && 2 * count <= polled.places);
}

void polled_add(struct range_list *l)
{
    lock_check_held(RANK_WORLD);
    l->incomplete |= polled.lacks;
    if (polled.count > 0)
        range_list_add(l, (uintptr_t)polled.table,
                       (uintptr_t)(polled.table + polled.places));
}

/* ---- What the kernel has --------------------------------------------------------------------------------- */

static void find(void *argument, uint64_t word)
{
    (void)argument;
    if (is_object(word))
        note_object(word);
}

static void ask_kernel(void)
{
    bool taken = lock();
    uint64_t refresh = ++polled.refreshes;
    bool lacked = polled.lacks;
    polled.lacks = false;
    unlock(taken);
    bool all = polls_walk(find, NULL);
    taken = lock();
    if (!all)
        polled.lacks |= lacked;
    else if (!polled.lacks)
        make_anew(refresh);
    polled.found = polled.count;
    unlock(taken);
}

/* What comes later is for the next time. */
static bool is_due(bool always)
{
    bool taken = lock();
    size_t most = always ? 0 : 2 * polled.found + PLACES_LEAST;
    bool due = polled.lacks || polled.count > most;
    unlock(taken);
    return due;
}

void polled_refresh(bool always)
{
    pid_t process = getpid();
    if (is_due(always) &&
        __atomic_exchange_n(&polled.asking, process, __ATOMIC_ACQ_REL) != process) {
        ask_kernel();
        __atomic_store_n(&polled.asking, 0, __ATOMIC_RELEASE);
    }
}

/* ---- In front of the C library ----------------------------------------------------------------------------- */

/* What the program gives.  Whether it can be read is for the kernel to say. */
static uint64_t word_of(int operation, const struct epoll_event *event)
{
    uint64_t word = 0;
    if (event && operation != EPOLL_CTL_DEL)
        os_copy(&word, (uintptr_t)event + offsetof(struct epoll_event, data),
                sizeof word);
    return word;
}

/* The structure is packed, so that the address may be at no multiple of 8 there: until it is in the table, it
 * is on the stack. */
EXPORTED int epoll_ctl(int poll, int operation, int file, struct epoll_event *event)
{
    volatile uint64_t word = word_of(operation, event);
    __typeof__(&epoll_ctl) next = NEXT(epoll_ctl, NO_FALLBACK(epoll_ctl));
    int result = next ? next(poll, operation, file, event)
                      : (int)syscall(SYS_epoll_ctl, poll, operation, file, event);
    if (result == 0 && operation != EPOLL_CTL_DEL && event)
        word = event->data.u64; /* it could be read */
    if (result == 0 && is_object(word))
        note_object(word);
    return result;
}
