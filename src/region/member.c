/* Who shares a region: processes and threads, by numbers that the system gives again, and so with the time
 * when each began.  Only what /proc says for certain is a death. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/crash.h"
#include "base/futex.h"
#include "base/proc.h"
#include "base/sys.h"
#include "region/region.h"

#define JOIN_WAITS UINT64_C(10000000000) /* nanoseconds */

/* ---- What the system says ------------------------------------------------------------------------ */

/* /proc may be mounted so that it hides the processes of others (hidepid, proc(5)): it says of those that live
 * what it says of the dead.  Without the right to send a signal it is told that there is somebody. */
static bool is_nobodys(uint32_t number)
{
    return number > INT32_MAX ||
           (syscall(SYS_kill, (long)number, 0L) != 0 && errno == ESRCH);
}

/* When a process or a thread began, in ticks and two more; 0: it is not known, 1: there is none of that
 * number, or it has ended and waits to be asked for.  A process goes on without its main thread while it
 * has others. */
static uint64_t start_of(uint32_t number, bool process)
{
    char path[40], text[1024], state;
    unsigned long long start;
    long threads;
    snprintf(path, sizeof path, "%u/stat", number);
    ssize_t length = proc_read(path, text, sizeof text);
    if (length <= 0)
        return (errno == ENOENT || errno == ESRCH) && is_nobodys(number);
    const char *rest = strrchr(text, ')'); /* the name before it may hold anything */
    if (!rest || sscanf(rest + 1,
                        " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d "
                        "%*d %ld %*d %llu",
                        &state, &threads, &start) != 3)
        return 0;
    bool ended = state == 'X' || (state == 'Z' && !(process && threads > 1));
    return ended ? 1 : start + 2;
}

/* The name space of process numbers; 0: not known.  It is asked for again in the child of a fork, which may
 * have another. */
static uint64_t number_space(void)
{
    static struct {
        uint64_t space;
        pid_t process;
    } known PRIVATE_DATA;
    struct stat found;
    pid_t process = getpid();
    if (__atomic_load_n(&known.process, __ATOMIC_ACQUIRE) == process)
        return known.space;
    known.space =
        sys_stat_at(AT_FDCWD, "/proc/self/ns/pid", &found, 0) == 0 ? found.st_ino : 0;
    __atomic_store_n(&known.process, process, __ATOMIC_RELEASE);
    return known.space;
}

/* false: it is not known. */
static bool read_boot(unsigned char boot[16])
{
    char text[64] = "";
    memset(boot, 0, 16);
    if (proc_read("sys/kernel/random/boot_id", text, sizeof text) <= 0)
        return false;
    for (unsigned i = 0, n = 0; text[i] && n < 32; i++) {
        unsigned letter = (unsigned char)text[i];
        unsigned digit = letter <= '9' ? letter - '0' : letter - 'a' + 10;
        if (text[i] != '-' && digit < 16) {
            boot[n / 2] = (unsigned char)((unsigned)boot[n / 2] << 4 | digit);
            n++;
        }
    }
    return true;
}

static bool is_gone(uint32_t number, uint64_t start, bool process)
{
    uint64_t now = start_of(number, process);
    return now == 1 || (now > 1 && start > 1 && now != start);
}

bool region_is_gone(uint32_t tid, uint64_t start)
{
    return is_gone(tid, start, false);
}

bool region_thread_is_dead(const struct region_thread *t)
{
    uint32_t tid = __atomic_load_n(&t->tid, __ATOMIC_ACQUIRE);
    uint64_t start = __atomic_load_n(&t->start, __ATOMIC_ACQUIRE);
    return tid && start && t->space == number_space() && is_gone(tid, start, false);
}

uint32_t region_slots(const gc_region *r)
{
    uint32_t slots = __atomic_load_n(&r->header->slots, __ATOMIC_ACQUIRE);
    return (uint32_t)min_size(slots, REGION_THREADS);
}

/* One whose main thread has ended may go on with others: as long as one of those lives it is not dead. */
bool region_member_is_dead(const struct region_member *m)
{
    uint32_t pid = __atomic_load_n(&m->pid, __ATOMIC_ACQUIRE);
    return pid && m->space == number_space() && is_gone(pid, m->start, true);
}

/* ---- Joining -------------------------------------------------------------------------------------- */

/* Whoever goes through the slots comes to this one, too. */
static void count_slot(gc_region *r, uint32_t number)
{
    uint32_t slots = __atomic_load_n(&r->header->slots, __ATOMIC_RELAXED);
    while (slots <= number &&
           !__atomic_compare_exchange_n(&r->header->slots, &slots, number + 1, false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
        continue;
}

/* A slot is taken by who sets its tid, and says the rest in the next instructions: that of one who dies between is
 * given to nobody.  Where the system does not tell when the thread began, as without a free descriptor, it is known to
 * be dead once there is none of its number. */
static struct region_thread *take_slot(gc_region *r)
{
    uint32_t tid = (uint32_t)syscall(SYS_gettid);
    uint64_t start = start_of(tid, false), space = number_space();
    for (uint32_t i = 0; i < REGION_THREADS; i++) {
        struct region_thread *t = &r->threads[i];
        uint32_t none = 0;
        if (__atomic_load_n(&t->tid, __ATOMIC_RELAXED) ||
            !__atomic_compare_exchange_n(&t->tid, &none, tid, false, __ATOMIC_ACQ_REL,
                                         __ATOMIC_RELAXED))
            continue;
        CRASH_POINT("member: a slot");
        t->space = space;
        __atomic_store_n(&t->start, start ? start : 1, __ATOMIC_RELEASE);
        CRASH_POINT("member: its start");
        count_slot(r, i);
        return t;
    }
    return NULL;
}

/* Whoever looks for the owner of something by slot and generation does not take the next one for it. */
void region_give_slot(struct region_thread *t)
{
    __atomic_store_n(&t->generation, t->generation + 1, __ATOMIC_RELEASE);
    __atomic_store_n(&t->active, 0, __ATOMIC_RELEASE);
    __atomic_store_n(&t->member, 0, __ATOMIC_RELEASE);
    __atomic_store_n(&t->start, 0, __ATOMIC_RELEASE);
    __atomic_store_n(&t->tid, 0, __ATOMIC_RELEASE);
}

/* The member lock is held. */
static uint32_t add_member(gc_region *r)
{
    for (uint32_t i = 0; i < REGION_MEMBERS; i++) {
        struct region_member *m = &r->members[i];
        if (m->pid)
            continue;
        uint32_t pid = (uint32_t)getpid();
        m->start = start_of(pid, true);
        m->space = number_space();
        CRASH_POINT("member: all but its number");
        __atomic_store_n(&m->pid, pid, __ATOMIC_RELEASE);
        CRASH_POINT("member: counted");
        return i;
    }
    return NO_MEMBER;
}

/* Waits for the lock of members, but not for ever: whoever opens a region is not to be kept waiting by one
 * that stands still, or by a number that somebody wrote there. */
static bool lock_members(gc_region *r)
{
    uint64_t end = os_now() + JOIN_WAITS;
    while (!lock_try_shared(&r->header->member_lock)) {
        uint32_t never = 0;
        if (os_now() > end)
            return region_fail(EBUSY, "%s: a thread that lives has its lock of members",
                               r->name) == 0;
        futex_wait(&never, 0, JOIN_WAITS / 10000);
    }
    return true;
}

static bool become_member(gc_region *r)
{
    if (!lock_members(r))
        return false;
    r->member = add_member(r);
    lock_leave(&r->header->member_lock);
    return r->member != NO_MEMBER ||
           region_fail(EUSERS, "%s: %d processes have it already", r->name,
                       REGION_MEMBERS) == 0;
}

static bool take_place(gc_region *r, struct region_use *u)
{
    u->slot = take_slot(r);
    if (!u->slot)
        return region_fail(EUSERS, "%s: %d threads have it already", r->name,
                           REGION_THREADS) == 0;
    u->number = (uint32_t)(u->slot - r->threads) + 1;
    u->tid = u->slot->tid, u->start = u->slot->start;
    lock_holder = u->number;
    if (r->member != NO_MEMBER || become_member(r))
        return true;
    region_give_slot(u->slot);
    return u->slot = NULL, false;
}

/* Nobody else opens the region while the process is no member yet, and takes it for one that nobody has: who
 * did would give back the slot. */
bool region_join(gc_region *r, struct region_use *u)
{
    regions_lock();
    int file = descriptor_number(&r->space.file);
    bool locks = r->member == NO_MEMBER && !r->has_file_lock && file >= 0;
    bool joined = !locks || region_lock_to_join(r, file);
    if (joined) {
        joined = take_place(r, u);
        if (locks)
            region_unlock_joined(file);
    }
    regions_unlock();
    if (!joined)
        return false;
    __atomic_store_n(&u->slot->member, r->member + 1, __ATOMIC_RELEASE);
    if (u->number > REGION_THREADS / 4 * 3 || r->member > REGION_MEMBERS / 4 * 3)
        __atomic_store_n(&r->crowded, true, __ATOMIC_RELAXED);
    return true;
}

void region_leave(gc_region *r)
{
    if (r->member == NO_MEMBER) /* the child of a fork that has not used it */
        return;
    for (uint32_t i = 0; i < region_slots(r); i++)
        if (r->threads[i].member == r->member + 1)
            region_give_slot(&r->threads[i]);
    __atomic_store_n(&r->members[r->member].pid, 0, __ATOMIC_RELEASE);
    r->member = NO_MEMBER;
}

/* ---- Burying -------------------------------------------------------------------------------------- */

/* The lock of members is the only one that it may have and that the collection does not make anew. */
static void abandon_member_lock(gc_region *r, uint32_t number)
{
    struct lock *l = &r->header->member_lock;
    uint32_t word = __atomic_load_n(&l->word, __ATOMIC_RELAXED);
    if ((word & LOCK_HOLDER) == number &&
        __atomic_compare_exchange_n(&l->word, &word, LOCK_SHARED, false, __ATOMIC_RELEASE,
                                    __ATOMIC_RELAXED))
        futex_wake_shared(&l->word, INT_MAX);
}

static bool bury_thread(gc_region *r, struct region_thread *t)
{
    if (!region_thread_is_dead(t))
        return false;
    abandon_member_lock(r, (uint32_t)(t - r->threads) + 1);
    region_give_slot(t);
    return true;
}

/* The holds go first, so that whoever dies in between leaves the member for the next. */
static bool bury_member(gc_region *r, uint32_t number)
{
    if (!region_member_is_dead(&r->members[number]))
        return false;
    for (uint32_t i = 0; i < region_slots(r); i++)
        if (__atomic_load_n(&r->threads[i].member, __ATOMIC_ACQUIRE) == number + 1)
            bury_thread(r, &r->threads[i]);
    CRASH_POINT("bury: threads");
    region_drop_holds(r, number + 1);
    CRASH_POINT("bury: holds");
    __atomic_store_n(&r->members[number].pid, 0, __ATOMIC_RELEASE);
    return true;
}

bool region_bury(gc_region *r, bool all)
{
    bool any = false;
    for (uint32_t i = 0; i < region_slots(r); i++) {
        struct region_thread *t = &r->threads[i];
        if (all || __atomic_load_n(&t->active, __ATOMIC_ACQUIRE))
            any |= bury_thread(r, t);
    }
    for (uint32_t i = 0; i < REGION_MEMBERS && all; i++)
        any |= bury_member(r, i);
    return any;
}

unsigned region_count_members(const gc_region *r)
{
    unsigned count = 0;
    for (uint32_t i = 0; i < REGION_MEMBERS; i++)
        count += __atomic_load_n(&r->members[i].pid, __ATOMIC_RELAXED) != 0;
    return count;
}

unsigned region_count_threads(const gc_region *r, uint32_t member)
{
    unsigned count = 0;
    for (uint32_t i = 0; i < region_slots(r); i++) {
        const struct region_thread *t = &r->threads[i];
        count += __atomic_load_n(&t->tid, __ATOMIC_RELAXED) != 0 &&
                 (member == NO_MEMBER ||
                  __atomic_load_n(&t->member, __ATOMIC_RELAXED) == member + 1);
    }
    return count;
}

/* Its slots go now, as their threads may seem to live; what it held goes with the next collection. */
void region_bury_former_self(gc_region *r)
{
    for (uint32_t i = 0; i < REGION_MEMBERS; i++) {
        struct region_member *m = &r->members[i];
        if (m->pid != (uint32_t)getpid() || m->space != number_space())
            continue;
        for (uint32_t k = 0; k < region_slots(r); k++)
            if (__atomic_load_n(&r->threads[k].member, __ATOMIC_ACQUIRE) == i + 1)
                region_give_slot(&r->threads[k]);
        m->start = UINT64_MAX;
        __atomic_store_n(&r->header->suspect, 1, __ATOMIC_RELAXED);
    }
}

uint32_t region_some_member(const gc_region *r)
{
    uint32_t i = 0;
    while (i + 1 < REGION_MEMBERS &&
           (r->members[i].pid == 0 || region_member_is_dead(&r->members[i])))
        i++;
    return r->members[i].pid;
}

void region_forget_all(gc_region *r, bool after_cut)
{
    memset(r->members, 0, REGION_MEMBERS * sizeof *r->members);
    for (uint32_t i = 0; i < REGION_THREADS;
         i++) { /* how many are in use may be a lie, too */
        const struct region_thread *t = &r->threads[i];
        if (after_cut || t->tid || t->active || t->member)
            region_give_slot(&r->threads[i]);
    }
    memset(r->holds, 0, REGION_HOLDS * sizeof *r->holds);
}

/* After the system began anew nobody of before lives, whatever the numbers say.  Where one of the two times
 * is not known, it may be the present one. */
bool region_is_of_now(const struct region_header *h)
{
    static const unsigned char unknown[16];
    unsigned char boot[16];
    return !read_boot(boot) || memcmp(boot, h->boot, sizeof boot) == 0 ||
           memcmp(unknown, h->boot, sizeof boot) == 0;
}

bool region_may_be_older(const struct region_header *h)
{
    unsigned char boot[16];
    return !read_boot(boot) || memcmp(boot, h->boot, sizeof boot) != 0;
}

bool region_is_used(const gc_region *r)
{
    if (!region_is_of_now(r->header))
        return false;
    for (uint32_t i = 0; i < REGION_MEMBERS; i++)
        if (r->members[i].pid && !region_member_is_dead(&r->members[i]))
            return true;
    return false;
}

void region_set_now(struct region_header *h)
{
    unsigned char boot[16];
    if (read_boot(boot))
        memcpy(h->boot, boot, sizeof boot);
}
