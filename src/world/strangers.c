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
};

/* Written while the world is stopped. */
static struct {
    pid_t *tids;
    size_t count, capacity;
    pid_t deaf[DEAF_MOST]; /* those that did not answer, not to be waited for again */
    size_t deaf_count;
} strangers PRIVATE_DATA;

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

static bool all_registered(void)
{
    size_t living = 0;
    for (MUTATORS(m))
        living += thread_lives(m);
    return thread_count() == living;
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
    if (tid <= 0 || is_registered(tid) || is_deaf(tid))
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
    bool ended;
    bool blocks; /* the signal, which waits: else the thread is in its handler */
};

/* Is the stop signal in the set that the line shows? */
static bool shows_signal(const char *text, const char *line)
{
    const char *set = strstr(text, line);
    return set && strtoull(set + strlen(line), NULL, 16) >> (signals_stop() - 1) & 1;
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
    s.blocks = shows_signal(text, "\nSigBlk:\t") && shows_signal(text, "\nSigPnd:\t");
    return s;
}

static void give_up(pid_t tid)
{
    log_line("thread %d is not known here and does not answer signal %d; it goes on "
             "running while memory is collected",
             tid, signals_stop());
    if (strangers.deaf_count < DEAF_MOST)
        strangers.deaf[strangers.deaf_count++] = tid;
}

/* Until it is parked, has ended, has registered itself, or is left alone; `began`: when all
 * strangers were told to stop, in milliseconds. */
static void wait_for(pid_t tid, uint64_t began)
{
    while (!world_stranger_is_parked(tid) && !is_registered(tid)) {
        uint64_t now = os_now() / MILLISECOND;
        struct status s = {false, false};
        if (now - began >= LOOK_AFTER)
            s = read_status(tid);
        if (s.ended || (s.blocks && !world_stranger_is_coming()))
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
        signals_send(strangers.tids[i]);
    uint64_t began = os_now() / MILLISECOND;
    for (size_t i = 0; i < strangers.count; i++)
        wait_for(strangers.tids[i], began);
}
