/* Finding the foreign threads, telling them, and waiting for each, until there are no more.  No memory is
 * allocated here but the library's own, and no stdio is used: other threads stand still,
 * whatever locks they hold. */
#include "world/foreign.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/meta.h"
#include "base/os.h"
#include "base/proc.h"
#include "base/sys.h"
#include "world/look.h"
#include "world/own.h"
#include "world/signals.h"
#include "world/park.h"
#include "world/self.h"

enum {
    MILLISECOND = 1000000, /* nanoseconds */
    /* The times are in milliseconds without an answer.  After this one the system is asked
     * what the thread does. */
    LOOK_AFTER = 2,
    /* After this time a thread counts as deaf that takes no signals. */
    GIVE_UP_AFTER = 1000,
    /* After this time any thread does: on a busy machine its turn may come late. */
    GIVE_UP_ALWAYS_AFTER = 10000,
    /* One that was deaf at the last stop has this time. */
    DEAF_ANSWERS_WITHIN = 100,
    DEAF_MOST = 16,
    ASLEEP_MOST = 1024,
    KNOWN_LEAST = 64,
    /* So often the list is read for threads that others had made before they parked. */
    ROUNDS_MOST = 32,
};

struct listed {
    pid_t tid;
    bool told; /* it is waited for */
};

/* What is known of foreign threads, written while the world is stopped. */
static struct {
    struct listed *list;
    size_t count, capacity;
    pid_t *known;               /* 0: none */
    size_t places;              /* for those, a power of two, or 0 */
    size_t room;                /* left in the set for those that park */
    const struct foreign *seen; /* the last of those that are in the set */
    pid_t deaf[DEAF_MOST]; /* did not answer last, and are not waited for again; a ring */
    size_t deaf_count;     /* how many there have been in all */
    struct foreign asleep[ASLEEP_MOST]; /* in the kernel, in the present stop */
    size_t asleep_count;                /* above ASLEEP_MOST: there are more */
    bool anywhere; /* one sleeps of which it is not known where, in the present stop */
    bool said_anywhere; /* that there was one is in the log */
    bool shared;        /* the signal went to any thread, when it was sent last */
} foreign PRIVATE_DATA;

static bool is_registered(pid_t tid)
{
    for (MUTATORS(m))
        if (thread_lives(m) && m->tid == tid)
            return true;
    return false;
}

/* Whether all threads of the process are registered, or the library's own, or the calling
 * one, which may stop the others to fork.  One of the library's own may be registered,
 * too, while it collects: it counts once. */
static bool all_registered(void)
{
    size_t living = thread_self ? 0 : 1;
    for (MUTATORS(m))
        living += thread_lives(m) && !own_has(m->tid);
    return proc_thread_count() == living + own_count();
}

static bool is_deaf(pid_t tid)
{
    for (size_t i = 0; i < DEAF_MOST; i++)
        if (foreign.deaf[i] == tid)
            return true;
    return false;
}

/* The place of a tid in the set of those that are known, which is there so that a process
 * of many threads is not searched for each of them. */
static size_t place_of(pid_t tid)
{
    size_t i = hash_place((uint64_t)tid, foreign.places);
    while (foreign.known[i] && foreign.known[i] != tid)
        i = (i + 1) & (foreign.places - 1);
    return i;
}

static void know(pid_t tid)
{
    foreign.known[place_of(tid)] = tid;
}

/* Empties the set and makes it at least twice as large as `count`.  Returns false if
 * there is no memory. */
static bool clear_known(size_t count)
{
    size_t places = max_size(foreign.places, KNOWN_LEAST);
    while (places < 2 * count)
        places *= 2;
    if (places > foreign.places) {
        pid_t *known = meta_alloc(ACCOUNT_THREADS, places * sizeof *known);
        if (!known)
            return false;
        if (foreign.known)
            meta_free(foreign.known, foreign.places * sizeof *known);
        foreign.known = known;
        foreign.places = places;
    }
    memset(foreign.known, 0, places * sizeof *foreign.known);
    return true;
}

/* Empties the set, and leaves room for the registered threads, the library's own, the calling
 * one, the list, and the parked ones of the list that begins here.  Returns false if there is no
 * memory. */
static bool make_room(const struct foreign *parked)
{
    size_t count = OWN_MOST + 1 + foreign.count;
    for (MUTATORS(m))
        count++;
    for (const struct foreign *s = parked; s; s = s->next)
        count++;
    foreign.seen = NULL;
    foreign.room = foreign.count;
    return clear_known(count);
}

/* Fills the set with the registered threads, the library's own and the calling one.  Returns
 * false if there is no memory. */
static bool find_known(const struct foreign *parked)
{
    if (!make_room(parked))
        return false;
    for (MUTATORS(m))
        if (thread_lives(m))
            know(m->tid);
    own_walk(know);
    know(gettid());
    return true;
}

/* Fills the set with all threads that are found already, on the list or parked, too. */
static bool find_found(void)
{
    const struct foreign *parked = world_foreign();
    if (!find_known(parked))
        return false;
    for (size_t i = 0; i < foreign.count; i++)
        know(foreign.list[i].tid);
    for (const struct foreign *s = parked; s; s = s->next)
        know(s->tid);
    return true;
}

/* Puts a tid on the list unless it is known.  Returns false if there is no memory. */
static bool add(pid_t tid)
{
    if (tid <= 0 || foreign.known[place_of(tid)])
        return true;
    struct listed *list = meta_grow(ACCOUNT_THREADS, foreign.list, foreign.count,
                                    &foreign.capacity, sizeof *list);
    if (!list)
        return false;
    foreign.list = list;
    list[foreign.count++] = (struct listed){.tid = tid};
    return true;
}

/* Whether the process has one thread, where /proc does not tell.  No call tells more than
 * this: a process of one thread may be taken apart from its threads, which changes
 * nothing, and one of several may not. */
static bool is_alone(void)
{
    return proc_thread_count() == 0 && syscall(SYS_unshare, CLONE_THREAD) == 0;
}

struct tasks {
    bool all;   /* there was memory for each */
    pid_t last; /* that was named */
};

/* A name that is a number is a thread; that of another entry reads as 0. */
static void add_named(void *argument, const char *name)
{
    struct tasks *t = argument;
    t->last = (pid_t)strtol(name, NULL, 10);
    t->all &= add(t->last);
}

/* The kernel goes from one thread to the next: at one that is gone by then its list ends. */
static bool ends_early(const struct tasks *t)
{
    return syscall(SYS_tgkill, getpid(), t->last, 0) != 0 && errno == ESRCH;
}

static bool read_tasks(struct tasks *t)
{
    int file = proc_open("self/task", O_DIRECTORY);
    if (file < 0)
        return false;
    *t = (struct tasks){.all = true};
    bool read = proc_each_entry(file, add_named, t);
    sys_close(file);
    return read && t->all;
}

/* Lists the foreign threads that are not listed yet.  Returns false if not all threads could be found. */
static bool add_all(void)
{
    enum { LOOKS_MOST = 100 };
    struct tasks t;
    if (!proc_has_our_numbers())
        return false;
    for (int i = 0; i < LOOKS_MOST && find_found() && read_tasks(&t); i++)
        if (!ends_early(&t))
            return true;
    return false;
}

/* Whether the thread sleeps with the signal blocked, for long as far as anybody can tell.
 * One that does not sleep is about to begin, or in the handler: there the signal is
 * blocked and not pending, but where one is on its way from the last stop. */
static bool stays_away(struct look l)
{
    return l.sleeps && l.blocks && l.pending && !park_foreign_is_coming();
}

/* Gives a thread up.  It is remembered by its tid, which the system gives out again:
 * another thread of that tid is not waited for as long, and nothing is reclaimed. */
static void give_up(pid_t tid)
{
    if (is_deaf(tid))
        return;
    log_line("thread %d is not known here and does not answer signal %d; nothing is "
             "collected until it does or has ended",
             tid, signals_stop());
    foreign.deaf[foreign.deaf_count++ % DEAF_MOST] = tid;
}

static void note_anywhere(pid_t tid)
{
    if (!foreign.said_anywhere)
        log_line("thread %d is not known here and sleeps with signal %d blocked, and the "
                 "system does not tell where its stack is; all memory is searched",
                 tid, signals_stop());
    foreign.anywhere = foreign.said_anywhere = true;
}

static void add_asleep_at(pid_t tid, uintptr_t sp)
{
    struct foreign *s = &foreign.asleep[foreign.asleep_count++ % ASLEEP_MOST];
    *s = (struct foreign){.tid = tid, .sp = sp};
    if (foreign.asleep_count <= ASLEEP_MOST)
        park_add_asleep(s);
}

/* Has the stack of a sleeping thread scanned from where the kernel says that it sleeps, or all memory where the
 * kernel does not say it.  Returns false if the thread has woken up since it was looked at, so that its stack
 * would not be scanned. */
static bool add_asleep(pid_t tid)
{
    uintptr_t sp;
    enum place place = look_place(tid, &sp);
    if (place == PLACE_SLEEPS)
        add_asleep_at(tid, sp);
    else if (place == PLACE_NOT_TOLD)
        note_anywhere(tid);
    return place != PLACE_MOVES;
}

bool foreign_is_anywhere(void)
{
    lock_check_held(RANK_WORLD);
    return foreign.anywhere;
}

static enum sent send(pid_t tid)
{
    enum sent sent = signals_send(tid);
    foreign.shared = sent == SENT_TO_SOME;
    return sent;
}

/* Tells a thread to stop, by one signal at a time: those that a thread blocks would pile
 * up, until the system queues no more for anybody.  Returns SENT_TO_NOBODY if the thread
 * need not be waited for.  One that has slept since an earlier stop is known by the
 * signal of that stop, which is still pending: it cannot be another thread. */
static enum sent tell(pid_t tid)
{
    struct look l = look_at(tid);
    if (l.ended || l.kernels)
        return SENT_TO_NOBODY;
    if (stays_away(l) && add_asleep(tid))
        return SENT_TO_NOBODY;
    return l.pending ? SENT : send(tid);
}

/* Puts into the set those that have parked in this stop since the last call, so that the
 * list is not searched for each; the latest one is its first. */
static void know_parked(void)
{
    const struct foreign *first = world_foreign();
    for (const struct foreign *s = first; s != foreign.seen && foreign.room > 0;
         s = s->next, foreign.room--)
        know(s->tid);
    foreign.seen = first;
}

/* Whether a thread has parked, is registered by now, or is one of the library's own.  The
 * list is searched, too, as the set may have had no room. */
static bool is_settled(pid_t tid)
{
    know_parked();
    return foreign.known[place_of(tid)] || park_foreign_find(tid) || is_registered(tid) ||
           own_has(tid);
}

/* Whether the thread, so long without an answer, is to be waited for no more. */
static bool is_given_up(pid_t tid, struct look l, uint64_t waited)
{
    bool away = l.blocks || l.held;
    if (is_deaf(tid))
        return away || waited > DEAF_ANSWERS_WITHIN;
    return waited > (away ? GIVE_UP_AFTER : GIVE_UP_ALWAYS_AFTER);
}

/* Waits until the thread is parked, has ended, has registered itself, or is left alone;
 * `began` is when all foreign threads were told to stop, in milliseconds.  Returns false
 * if it runs on. */
static bool wait_for(pid_t tid, uint64_t began)
{
    while (!is_settled(tid)) {
        uint64_t now = os_now() / MILLISECOND;
        if (now - began >= LOOK_AFTER) {
            struct look l = look_at(tid);
            if (l.ended)
                return true;
            if (stays_away(l) && add_asleep(tid))
                return true;
            if (is_given_up(tid, l, now - began)) {
                give_up(tid);
                return false;
            }
        }
        park_wait_a_little();
        if (foreign.shared && send(tid) == SENT_TO_NOBODY)
            return true;
    }
    return true;
}

/* Tells those of the list from `first` on to stop, and waits for them.  Returns false if
 * one of them runs on. */
static bool stop_listed(size_t first)
{
    bool all = true;
    for (size_t i = first; i < foreign.count; i++) {
        struct listed *l = &foreign.list[i];
        enum sent sent = tell(l->tid);
        if (sent == NOT_SENT)
            give_up(l->tid);
        l->told = sent != NOT_SENT && sent != SENT_TO_NOBODY;
        all = all && sent != NOT_SENT;
    }
    uint64_t began = os_now() / MILLISECOND;
    for (size_t i = first; i < foreign.count; i++)
        if (foreign.list[i].told)
            all = wait_for(foreign.list[i].tid, began) && all;
    return all;
}

/* A thread may have made others after the list was read and before it parked: so it is
 * read until there are none, and nobody is left to make any. */
bool foreign_stop(bool can_tell)
{
    lock_check_held(RANK_WORLD);
    foreign.count = foreign.asleep_count = 0;
    foreign.anywhere = false;
    /* A signal before ThreadSanitizer has begun a thread, or after its end, is fatal. */
    if (GC_TSAN)
        return true;
    if (all_registered() || is_alone())
        return true;
    for (int i = 0; i < ROUNDS_MOST; i++) {
        size_t before = foreign.count;
        if (!add_all())
            return false;
        if (foreign.count == before)
            return foreign.asleep_count <= ASLEEP_MOST;
        if (!can_tell || !find_known(NULL) || !stop_listed(before))
            return false;
    }
    return false;
}
