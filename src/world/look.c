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
#include "world/signals.h"

bool look_finds(pid_t tid)
{
    return syscall(SYS_tgkill, getpid(), tid, 0) == 0 || errno != ESRCH;
}

/* Whether the stop signal is in the set that follows the name. */
static bool has_signal(const char *text, const char *name)
{
    const char *set = strstr(text, name);
    return set && strtoull(set + strlen(name), NULL, 16) & mask_bit(signals_stop());
}

/* The number that follows the name; 0: it is not there. */
static uint64_t number_of(const char *text, const char *name)
{
    const char *number = strstr(text, name);
    return number ? strtoull(number + strlen(name), NULL, 10) : 0;
}

struct look look_at(pid_t tid)
{
    static const char name[] = "\nState:\t";
    char path[64], text[2048];
    if (!look_finds(tid))
        return (struct look){.ended = true};
    snprintf(path, sizeof path, "self/task/%d/status", tid);
    if (proc_read(path, text, sizeof text) <= 0)
        return (struct look){.ended = false};
    const char *line = strstr(text, name);
    char state = line ? line[strlen(name)] : '?';
    return (struct look){
        .ended = state == 'Z' || state == 'X',
        .sleeps = state == 'S',
        .held = state == 'D' || state == 'T' || state == 't',
        .pending = has_signal(text, "\nSigPnd:\t"),
        .blocks = has_signal(text, "\nSigBlk:\t"),
        .switches = number_of(text, "\nvoluntary_ctxt_switches:\t") +
                    number_of(text, "\nnonvoluntary_ctxt_switches:\t"),
    };
}

/* The file holds the system call, six arguments, the stack pointer and the program
 * counter; or, outside of a system call, -1 and the last two. */
uintptr_t look_stack_pointer(pid_t tid)
{
    char path[64], text[256];
    snprintf(path, sizeof path, "self/task/%d/syscall", tid);
    if (proc_read(path, text, sizeof text) <= 0 || text[0] == 'r')
        return 0;
    const char *last = strrchr(text, ' ');
    if (!last)
        return 0;
    while (last > text && last[-1] != ' ')
        last--;
    return last > text ? (uintptr_t)strtoull(last, NULL, 16) : 0;
}
