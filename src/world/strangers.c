/* No memory is allocated here but the library's own, and no stdio: other threads stand
 * still, whatever locks they hold. */
#include "world/strangers.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/log.h"
#include "base/meta.h"
#include "base/os.h"
#include "world/signals.h"
#include "world/stop.h"

enum {
    MILLISECOND = 1000000, /* nanoseconds */
    LOOK_AFTER = 2,        /* milliseconds without an answer */
    GIVE_UP_AFTER = 1000,
    DEAF_MOST = 16,
    OWN_MOST = 32,
};

/* Written while the world is stopped. */
static struct {
    pid_t *tids;
    size_t count, capacity;
    pid_t deaf[DEAF_MOST]; /* those that did not answer, not to be waited for again */
    size_t deaf_count;
} strangers PRIVATE_DATA;

/* The library's own threads; 0: none.  Atomic. */
static pid_t own[OWN_MOST] PRIVATE_DATA;

void strangers_except_me(void)
{
    sigset_t saved;
    signals_block(&saved);
    for (size_t i = 0; i < OWN_MOST; i++) {
        pid_t none = 0;
        if (__atomic_compare_exchange_n(&own[i], &none, gettid(), false, __ATOMIC_SEQ_CST,
                                        __ATOMIC_RELAXED))
            return;
    }
}

void strangers_leave(void)
{
    for (size_t i = 0; i < OWN_MOST; i++) {
        pid_t me = gettid();
        __atomic_compare_exchange_n(&own[i], &me, 0, false, __ATOMIC_SEQ_CST,
                                    __ATOMIC_RELAXED);
    }
}

void strangers_forked(void)
{
    memset(own, 0, sizeof own);
}

static bool is_own(pid_t tid)
{
    for (size_t i = 0; i < OWN_MOST; i++)
        if (__atomic_load_n(&own[i], __ATOMIC_RELAXED) == tid)
            return true;
    return false;
}

static size_t own_count(void)
{
    size_t count = 0;
    for (size_t i = 0; i < OWN_MOST; i++)
        count += __atomic_load_n(&own[i], __ATOMIC_RELAXED) != 0;
    return count;
}

/* How many threads the process has; 0: not known. */
static size_t thread_count(void)
{
    struct stat s;
    return stat("/proc/self/task", &s) == 0 && s.st_nlink > 2 ? s.st_nlink - 2 : 0;
}

static bool is_registered(pid_t tid)
{
    for (MUTATORS(m))
        if (thread_lives(m) && m->tid == tid)
            return true;
    return false;
}

/* Or the calling thread, which may stop the others to fork.  One of the library's own may be
 * registered, too, while it collects: it counts once. */
static bool all_registered(void)
{
    size_t living = thread_self ? 0 : 1;
    for (MUTATORS(m))
        living += thread_lives(m) && !is_own(m->tid);
    return thread_count() == living + own_count();
}

static bool is_deaf(pid_t tid)
{
    for (size_t i = 0; i < strangers.deaf_count; i++)
        if (strangers.deaf[i] == tid)
            return true;
    return false;
}

static void add(pid_t tid)
{
    if (tid <= 0 || tid == gettid() || is_registered(tid) || is_own(tid) || is_deaf(tid))
        return;
    pid_t *tids =
        meta_grow(strangers.tids, strangers.count, &strangers.capacity, sizeof *tids);
    if (!tids)
        return;
    strangers.tids = tids;
    tids[strangers.count++] = tid;
}

/* The kernel's form of a directory entry. */
struct entry {
    uint64_t inode;
    int64_t offset;
    unsigned short length;
    unsigned char type;
    char name[];
};

/* Numbers are threads; the name of other entries reads as 0. */
static void add_all(void)
{
    _Alignas(struct entry) char buffer[1024];
    int fd = open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    long bytes;
    while ((bytes = syscall(SYS_getdents64, fd, buffer, sizeof buffer)) > 0) {
        for (long at = 0; at < bytes;) {
            const struct entry *e = (const void *)(buffer + at);
            add((pid_t)strtol(e->name, NULL, 10));
            at += e->length;
        }
    }
    close(fd);
}

/* What /proc says of a thread. */
struct status {
    bool ended, sleeps;
    bool blocks, pending; /* the signal */
};

/* The number of the signal is in the set that follows the name. */
static bool has_signal(const char *text, const char *name)
{
    const char *set = strstr(text, name);
    return set && strtoull(set + strlen(name), NULL, 16) >> (signals_stop() - 1) & 1;
}

static struct status read_status(pid_t tid)
{
    char path[64], text[2048];
    struct status s = {.ended = true};
    snprintf(path, sizeof path, "/proc/self/task/%d/status", tid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    if (length <= 0)
        return s;
    text[length] = '\0';
    const char *state = strstr(text, "\nState:\t");
    s.ended = state && (state[8] == 'Z' || state[8] == 'X');
    s.sleeps = state && state[8] == 'S';
    s.pending = has_signal(text, "\nSigPnd:\t");
    s.blocks = has_signal(text, "\nSigBlk:\t");
    return s;
}

/* Sleeps with the signal blocked, for long as far as anybody can tell.  One that runs so is
 * about to begin, or in the handler: there the signal is blocked and not pending. */
static bool stays_away(struct status s)
{
    return s.sleeps && s.blocks && s.pending;
}

static void give_up(pid_t tid)
{
    log_line("thread %d is not known here and does not answer signal %d; it goes on "
             "running while memory is collected",
             tid, signals_stop());
    if (strangers.deaf_count < DEAF_MOST)
        strangers.deaf[strangers.deaf_count++] = tid;
}

/* One signal at a time: those that a thread blocks would pile up, until the system queues
 * no more for anybody. */
static void tell(pid_t tid)
{
    if (!read_status(tid).pending)
        signals_send(tid);
}

/* Until it is parked, has ended, has registered itself, or is left alone; `began`: when all
 * strangers were told to stop, in milliseconds. */
static void wait_for(pid_t tid, uint64_t began)
{
    while (!world_stranger_is_parked(tid) && !is_registered(tid) && !is_own(tid)) {
        uint64_t now = os_now() / MILLISECOND;
        struct status s = {.ended = false};
        if (now - began >= LOOK_AFTER)
            s = read_status(tid);
        if (s.ended || (stays_away(s) && !world_stranger_is_coming()))
            return;
        world_wait_a_little();
        if (now - began > GIVE_UP_AFTER) {
            give_up(tid);
            return;
        }
    }
}

void strangers_stop(void)
{
    strangers.count = 0;
    if (GC_TSAN) /* a signal before it has begun a thread, or after its end, is fatal */
        return;
    if (all_registered())
        return;
    add_all();
    for (size_t i = 0; i < strangers.count; i++)
        tell(strangers.tids[i]);
    uint64_t began = os_now() / MILLISECOND;
    for (size_t i = 0; i < strangers.count; i++)
        wait_for(strangers.tids[i], began);
}
