/* Telling each mutator, and waiting for it as long as the system shows that it will come. */
#include "world/handshake.h"

#include "base/futex.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/os.h"
#include "world/look.h"
#include "world/signals.h"
#include "world/park.h"
#include "world/self.h"

enum {
    MILLISECOND = 1000000,           /* nanoseconds */
    SHARED_EVERY = MILLISECOND / 20, /* until it is sent again to any thread */
    /* The times below are in milliseconds without an answer.  After this one the system
     * is asked what the thread does. */
    LOOK_AFTER = 2,
    /* After this time the others go on for a while, if the thread sleeps with the signal
     * blocked. */
    LET_GO_AFTER = 5,
    /* After this time the thread is told again. */
    RESEND_AFTER = GC_TSAN ? 1 : 100,
    /* After this time a thread counts as deaf that the system shows to take no signals.
     * It is longer than any of the library's own sections without signals may last on a
     * busy machine. */
    GIVE_UP_AFTER = 1000,
    /* After this time a thread counts as deaf that should take signals. */
    GIVE_UP_ALWAYS_AFTER = 10000,
};

enum answer {
    STOPPED,
    GONE,    /* ended without its exit hook */
    WAITING, /* perhaps for a thread that is stopped */
    DEAF,
};

/* Whether the thread that has the tid now is another one: the system gives tids out again. */
static bool has_successor(const struct mutator *m)
{
    const struct foreign *s = park_foreign_find(m->tid);
    if (s && s->pointer != m->pointer)
        return true;
    for (MUTATORS(other))
        if (other != m && thread_lives(other) && other->tid == m->tid &&
            park_claim(other))
            return true;
    return false;
}

/* Whether no signal reaches the thread, as far as the system tells.  A thread that blocks
 * the signal and has none pending may be in the handler, on its way to stop. */
static bool stays_away(struct look l)
{
    return (l.blocks && l.pending) || l.held;
}

/* Whether the thread may wait for one that is stopped.  libunwind waits for the loader's
 * lock with all signals blocked: the thread that has that lock, or has been woken to take
 * it, may be stopped. */
static bool waits(struct look l)
{
    return l.sleeps && l.blocks && l.pending;
}

/* Whether the signal went to any thread, when it was sent last. */
static bool shared PRIVATE_DATA;

static enum answer send(const struct mutator *m)
{
    enum sent sent = signals_send(m->tid);
    shared = sent == SENT_TO_SOME;
    return sent == SENT_TO_NOBODY ? GONE : sent == NOT_SENT ? DEAF : STOPPED;
}

static void call_deaf(struct mutator *m, const char *why)
{
    if (!m->deaf)
        log_line(
            "thread %d does not stop for a collection: %s; nothing is collected until "
            "it does",
            m->tid, why);
    m->deaf = true;
}

/* The times since which a thread is waited for, in milliseconds. */
struct patience {
    uint64_t first;    /* since the world is to stop */
    uint64_t began;    /* since this attempt at it */
    uint64_t moved;    /* since the thread was last seen to have run */
    uint64_t switches; /* of it, by then */
};

/* A thread in the kernel that others keep from the processor, or from a lock there, moves on. */
static void note_move(struct patience *p, struct look l, uint64_t now)
{
    if (l.switches == p->switches)
        return;
    p->switches = l.switches;
    p->moved = now;
}

/* Judges whether a thread is to be waited for any longer: if STOPPED is returned, it is. */
static enum answer judge(struct mutator *m, struct look l, struct patience p,
                         uint64_t now)
{
    bool away = stays_away(l);
    if (l.ended || has_successor(m))
        return GONE;
    if ((m->deaf && (away || now - p.began >= RESEND_AFTER)) ||
        (l.blocks && now - p.first >= GIVE_UP_AFTER) ||
        (away && now - p.moved >= GIVE_UP_AFTER) ||
        now - p.first >= GIVE_UP_ALWAYS_AFTER) {
        call_deaf(m, l.blocks ? "it blocks the signal by a system call of its own"
                              : "the system does not hand the signal over");
        return DEAF;
    }
    return waits(l) && now - p.began >= LET_GO_AFTER ? WAITING : STOPPED;
}

/* Waits for a thread.  It is told again, one signal at a time, as whoever uses all
 * entries of the system's queue may have kept the signal from being sent. */
static enum answer wait_for(struct mutator *m, struct patience p)
{
    uint64_t told = p.began;
    p.moved = p.began;
    park_await(m);
    while (!park_claim(m)) {
        futex_wait(&m->safety, SAFETY_NONE, shared ? SHARED_EVERY : MILLISECOND);
        uint64_t now = os_now() / MILLISECOND;
        if (shared ? send(m) == GONE : !look_finds(m->tid))
            return GONE;
        if (now - p.began < LOOK_AFTER && !m->deaf)
            continue;
        struct look l = look_at(m->tid);
        note_move(&p, l, now);
        enum answer a = judge(m, l, p, now);
        m->waited |= a == WAITING;
        if (a != STOPPED)
            return a;
        if (now - told >= RESEND_AFTER && !l.pending) {
            send(m);
            told = now;
        }
    }
    m->deaf = m->waited = false;
    return STOPPED;
}

/* Tells a thread to stop.  One that did not stop when it was told last has the signal
 * pending already, or is not told for nothing. */
static enum answer tell(struct mutator *m)
{
    if (m->deaf || m->waited) {
        struct look l = look_at(m->tid);
        if (l.ended)
            return GONE;
        if (m->deaf && stays_away(l))
            return DEAF;
        if (l.blocks && l.pending)
            return STOPPED;
    }
    enum answer a = send(m);
    if (a == DEAF)
        call_deaf(m, "the system refuses to send it the signal");
    return a;
}

static bool is_other(const struct mutator *m)
{
    return m != thread_self && thread_lives(m);
}

/* Tells all threads that are not safe.  Returns false if a thread is deaf, or cannot be told. */
static bool tell_all(bool can_tell)
{
    bool all = true;
    struct mutator *next;
    for (struct mutator *m = registry_first(); m; m = next) {
        next = m->next;
        if (!is_other(m) || park_claim(m))
            continue;
        enum answer a = can_tell ? tell(m) : look_finds(m->tid) ? DEAF : GONE;
        m->untold = a == DEAF;
        all = all && !m->untold;
        if (a == GONE)
            registry_lost(m);
    }
    return all;
}

enum handshake handshake(bool can_tell, uint64_t first)
{
    lock_check_held(RANK_WORLD);
    enum handshake all = tell_all(can_tell) ? ALL_STOPPED : SOME_RUN;
    struct mutator *next;
    struct patience p = {.first = first, .began = os_now() / MILLISECOND};
    for (struct mutator *m = registry_first(); m && can_tell; m = next) {
        next = m->next;
        if (!is_other(m) || park_claim(m) || m->untold)
            continue;
        enum answer a = wait_for(m, p);
        if (a == GONE)
            registry_lost(m);
        if (a == WAITING)
            return SOME_WAIT;
        if (a == DEAF)
            all = SOME_RUN;
    }
    return all;
}
