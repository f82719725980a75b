/* What /proc says of a thread.  No memory is allocated here and no lock is taken, as
 * other threads stand still. */
#include "world/look.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mask.h"
#include "base/proc.h"
#include "base/track.h"
#include "world/signals.h"

bool look_finds(pid_t tid)
{
    return syscall(SYS_tgkill, getpid(), tid, 0) == 0 || errno != ESRCH;
}

/* The set of signals that follows the name; 0: it is not there. */
static uint64_t signals_of(const char *text, const char *name)
{
    const char *set = strstr(text, name);
    return set ? strtoull(set + strlen(name), NULL, 16) : 0;
}

/* The number that follows the name; 0: it is not there. */
static uint64_t number_of(const char *text, const char *name)
{
    const char *number = strstr(text, name);
    return number ? strtoull(number + strlen(name), NULL, 10) : 0;
}

/* Whether the thread is one of the kernel's own that work for io_uring, by its flags, the seventh field
 * behind its name. */
static bool is_kernels(pid_t tid)
{
    enum { FLAGS = 7, IO_WORKER = 0x10 };
    char path[64], text[1024];
    snprintf(path, sizeof path, "self/task/%d/stat", tid);
    if (proc_read(path, text, sizeof text) <= 0)
        return false;
    const char *field = strrchr(text, ')');
    for (int i = 0; field && i < FLAGS; i++)
        field = strchr(field + 1, ' ');
    return field && strtoul(field, NULL, 10) & IO_WORKER;
}

struct look look_at(pid_t tid)
{
    static const char name[] = "\nState:\t";
    char path[64], text[PROC_STATUS_BYTES];
    if (!look_finds(tid))
        return (struct look){.ended = true};
    snprintf(path, sizeof path, "self/task/%d/status", tid);
    if (proc_read_status(path, text, sizeof text) <= 0)
        return (struct look){.ended = false};
    const char *line = strstr(text, name);
    char state = line ? line[strlen(name)] : '?';
    uint64_t blocked = signals_of(text, "\nSigBlk:\t"), stop = mask_bit(signals_stop()),
             all = ~(mask_bit(SIGKILL) | mask_bit(SIGSTOP));
    return (struct look){
        .ended = state == 'Z' || state == 'X',
        .sleeps = state == 'S',
        .held = state == 'D' || state == 'T' || state == 't',
        .kernels = blocked == all && is_kernels(tid),
        .pending = signals_of(text, "\nSigPnd:\t") & stop,
        .blocks = blocked & stop,
        .switches = number_of(text, "\nvoluntary_ctxt_switches:\t") +
                    number_of(text, "\nnonvoluntary_ctxt_switches:\t"),
    };
}

/* Whether this error says that there is no such file, or that it is for others to read. */
static bool is_refusal(int error)
{
    return error == ENOENT || error == EACCES || error == EPERM;
}

static enum place without_place(pid_t tid)
{
    return look_finds(tid) ? PLACE_NOT_TOLD : PLACE_NONE;
}

/* The file holds the system call, six arguments, the stack pointer and the program
 * counter; or, outside of a system call, -1 and the last two; or the word "running". */
enum place look_place(pid_t tid, uintptr_t *sp)
{
    char path[64], text[256];
    if (track_is_watched())
        return PLACE_NOT_TOLD;
    snprintf(path, sizeof path, "self/task/%d/syscall", tid);
    if (proc_read(path, text, sizeof text) < 0)
        return is_refusal(errno) ? without_place(tid) : PLACE_MOVES;
    char *last = strrchr(text, ' ');
    if (!last)
        return PLACE_MOVES;
    *last = '\0';
    const char *before = strrchr(text, ' ');
    *sp = before ? (uintptr_t)strtoull(before, NULL, 16) : 0;
    return *sp ? PLACE_SLEEPS : PLACE_NONE;
}
