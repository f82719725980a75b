/* Steps through calls of the library, instruction by instruction, and lets something happen
 * at each of them: a collection, a fork, a signal handler that allocates, collects, forks
 * or leaves by siglongjmp.  After each event the call goes on, and the process checks all
 * that it has.
 *
 * At every instruction of the fast paths; of the slow ones, which may be long, at so many
 * (the first argument), evenly spread, and at others for each event. */
#include <elf.h>
#include <errno.h>
#include <sched.h>
#include <search.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "step.h"

enum {
    POINTS = 24, /* of the slow paths that are tried of each operation with each event */
    SKIP = 77,   /* what automake takes for a skipped test */
    HANGS_AFTER = 120, /* seconds of one call, on a machine that does much else */
    POINTS_MOST = 1 << 20,
    CALLS_BEFORE = 20,
    CALLS_MOST = 10, /* for one point */
};

static const char *const operation_names[OPERATIONS] = {
    [ALLOC_INLINE] = "gc_alloc_inline",
    [ALLOC_FROM_RUN] = "gc_alloc, run",
    [ALLOC_FROM_MAGAZINE] = "gc_alloc, magazine",
    [ALLOC_ADVANCE] = "gc_alloc, zero ahead",
    [ALLOC_REFILL] = "gc_alloc, refill",
    [ALLOC_LARGE] = "gc_alloc, large",
    [BLOCK] = "gc_blocking_begin, _end",
    [FREE_TO_MAGAZINE] = "gc_free, magazine",
    [FREE_SPILL] = "gc_free, spill",
    [FREE_LARGE] = "gc_free, large",
    [RESIZE] = "gc_realloc",
};

static const char *const event_names[EVENTS] = {
    [COLLECTION] = "collection",       [FORK] = "fork",
    [HANDLER_ALLOCATES] = "handler",   [HANDLER_COLLECTS] = "handler collects",
    [HANDLER_FORKS] = "handler forks", [HANDLER_JUMPS] = "handler jumps",
    [TWO_HANDLERS] = "two handlers",   [FOREIGN_HANDLER] = "foreign handler",
};

/* The fast paths' code. */
extern const char __start_gc_fast[] __attribute__((visibility("hidden")));
extern const char __stop_gc_fast[] __attribute__((visibility("hidden")));

static struct stage *stage;
static pid_t stepped;

/* Where the test is, for messages. */
static enum operation operation;
static enum event event;
static size_t point;

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "step: %s at instruction %zu, event %s: %s\n",
            operation_names[operation], point, event_names[event], what);
    kill(stepped, SIGKILL);
    _exit(EXIT_FAILURE);
}

static void on_alarm(int number)
{
    (void)number;
    fail("hangs");
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- One process ------------------------------------------------------------------------ */

/* Goes on, with a signal or 0, until the next stop; returns its signal. */
static int go_on(int how, int number)
{
    int status;
    if (ptrace((enum __ptrace_request)how, stepped, NULL, (void *)(intptr_t)number) != 0)
        fail("it is gone");
    while (waitpid(stepped, &status, __WALL) != stepped)
        continue;
    if (!WIFSTOPPED(status))
        fail("it has ended");
    return WSTOPSIG(status);
}

static void ask_registers(enum __ptrace_request how, struct user_regs_struct *registers)
{
    struct iovec v = {registers, sizeof *registers};
    if (ptrace(how, stepped, (void *)NT_PRSTATUS, &v) != 0)
        fail("it has no registers");
}

#if defined __x86_64__
#define PC rip
#elif defined __aarch64__
#define PC pc
#endif

static uintptr_t program_counter(void)
{
    struct user_regs_struct registers;
    ask_registers(PTRACE_GETREGSET, &registers);
    return (uintptr_t)registers.PC;
}

static bool in_fast_path(void)
{
    uintptr_t pc = program_counter();
    return pc - (uintptr_t)__start_gc_fast <
               (uintptr_t)__stop_gc_fast - (uintptr_t)__start_gc_fast ||
           pc - stage->inline_low < stage->inline_high - stage->inline_low;
}

/* Breakpoints of AArch64 stop before their instruction. */
static void pass_breakpoint(void)
{
#ifdef __aarch64__
    struct user_regs_struct registers;
    ask_registers(PTRACE_GETREGSET, &registers);
    registers.pc += 4;
    ask_registers(PTRACE_SETREGSET, &registers);
#endif
}

/* To the next breakpoint; its own signals it gets. */
static void run_to(enum phase phase, int number)
{
    do
        number = go_on(PTRACE_CONT, number);
    while (number != SIGTRAP);
    if (stage->phase != phase)
        fail("a breakpoint that is not there");
    pass_breakpoint();
}

/* Another call, stopped at its first instruction. */
static void again(void)
{
    alarm(HANGS_AFTER);
    run_to(DURING, 0);
}

static void begin(enum event e)
{
    int status;
    event = e;
    stage->more = 1;
    stage->asked = stage->answered = stage->events = 0;
    stage->other = 0;
    fflush(NULL);
    alarm(HANGS_AFTER);
    stepped = fork();
    if (stepped == 0)
        be_stepped(stage, operation, e);
    while (waitpid(stepped, &status, __WALL) != stepped)
        continue;
    if (!WIFSTOPPED(status) || WSTOPSIG(status) != SIGTRAP || stage->phase != DURING)
        fail("it does not start");
    pass_breakpoint();
}

/* Whether the other thread sleeps: until it is asked, or, when it was, for a lock that the stepped thread has,
 * or for the end of a stop that this has made. */
static bool other_thread_sleeps(void)
{
    char name[64], text[512] = "";
    if (!stage->other) /* it has not begun */
        return false;
    snprintf(name, sizeof name, "/proc/%d/task/%d/stat", (int)stepped, (int)stage->other);
    FILE *f = fopen(name, "r");
    if (!f || !fgets(text, sizeof text, f))
        fail("the other thread is gone");
    fclose(f);
    const char *end = strrchr(text, ')');
    return end && strncmp(end, ") S", 3) == 0;
}

/* Nothing happens to the call that it is in, and no other follows. */
static void end(void)
{
    int status;
    stage->more = 0;
    if (stage->phase == DURING)
        run_to(AFTER, 0);
    ptrace(PTRACE_DETACH, stepped, NULL, NULL);
    while (waitpid(stepped, &status, __WALL) != stepped)
        continue;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail("it has failed");
}

/* ---- Events ------------------------------------------------------------------------------- */

static bool has_signal(void)
{
    struct __ptrace_peeksiginfo_args first = {.off = 0, .flags = 0, .nr = 1};
    siginfo_t information;
    return ptrace(PTRACE_PEEKSIGINFO, stepped, &first, &information) == 1;
}

/* Until the other thread has sent the stop signal, which arrives before the stepped thread
 * does anything else, or can only send it when that goes on. */
static void ask_other_thread(void)
{
    stage->asked++;
    sem_post(&stage->ask);
    while (!has_signal() && stage->answered != stage->asked && !other_thread_sleeps())
        sched_yield();
}

static void let_happen(void)
{
    int events = stage->events;
    if (event < HANDLER_ALLOCATES) {
        ask_other_thread();
        run_to(AFTER, 0);
    } else {
        if (event == TWO_HANDLERS)
            syscall(SYS_tgkill, stepped, stepped, SIGUSR2);
        run_to(AFTER, SIGUSR1);
        if (stage->events != events + (event == TWO_HANDLERS ? 2 : 1))
            fail("the signal was lost");
    }
}

/* ---- The path of an operation ----------------------------------------------------------- */

/* No root of the stepped process, which has no part of it. */
static struct path {
    uintptr_t pc[POINTS_MOST];
    bool fast[POINTS_MOST];
    bool first[POINTS_MOST]; /* the instruction has not come before */
    size_t count, fast_count;
} * path;

static void keep_key(void *pc)
{
    (void)pc;
}

static int compare(const void *a, const void *b)
{
    return a < b ? -1 : a > b;
}

static void note_point(void)
{
    static void *seen;
    size_t k = path->count++;
    if (k == 0)
        tdestroy(seen, keep_key), seen = NULL;
    path->pc[k] = program_counter();
    path->fast[k] = in_fast_path();
    path->fast_count += path->fast[k] ? 1 : 0;
    path->first[k] = !tfind((void *)path->pc[k], &seen, compare);
    if (path->first[k] && !tsearch((void *)path->pc[k], &seen, compare))
        fail("no memory");
}

/* One call in which nothing happens, after some that find the heap as it is in the end. */
static void follow_path(void)
{
    begin(COLLECTION);
    for (int i = 0; i < CALLS_BEFORE; i++) {
        run_to(AFTER, 0);
        again();
    }
    path->count = path->fast_count = 0;
    while (path->count < POINTS_MOST) {
        note_point();
        point = path->count;
        if (go_on(PTRACE_SINGLESTEP, 0) != SIGTRAP)
            fail("a signal that nobody sent");
        if (stage->phase == AFTER)
            break;
    }
    run_to(AFTER, 0);
    end();
}

/* The processor's own breakpoint, which is the stepped thread's: one in the code would be the other thread's as well,
 * which may come there when the call stops the world.  0: none.  false: there is none to be had. */
static bool set_breakpoint(uintptr_t pc)
{
#if defined __x86_64__
    enum { ENABLED = 1 }; /* the first, for this thread */
    return ptrace(PTRACE_POKEUSER, stepped, offsetof(struct user, u_debugreg[0]), pc) ==
               0 &&
           ptrace(PTRACE_POKEUSER, stepped, offsetof(struct user, u_debugreg[7]),
                  pc ? ENABLED : 0) == 0;
#else
    return !pc;
#endif
}

/* Then all calls are stepped through, and fewer points are tried. */
static bool steps_all;
enum { FEWER = 8 };

/* Stops at the instruction, or where the call has ended before: false. */
static bool run_to_pc(uintptr_t pc)
{
    bool steps = steps_all = !set_breakpoint(pc);
    do
        if (go_on(steps ? PTRACE_SINGLESTEP : PTRACE_CONT, 0) != SIGTRAP)
            fail("a signal that nobody sent");
    while (program_counter() != pc && stage->phase != AFTER);
    if (!set_breakpoint(0))
        fail("a breakpoint that does not go");
    if (stage->phase != AFTER)
        return true;
    if (steps)
        run_to(AFTER, 0);
    else
        pass_breakpoint();
    return false;
}

/* Runs to the latest instruction up to there that has not come before, and steps on.  false: the
 * call has ended, as it went another way. */
static bool go_to(size_t wanted)
{
    size_t from = wanted;
    while (from > 0 && !path->first[from])
        from--;
    point = from;
    if (from > 0 && !run_to_pc(path->pc[from]))
        return false;
    for (; point < wanted; point++) {
        if (go_on(PTRACE_SINGLESTEP, 0) != SIGTRAP)
            fail("a signal that nobody sent");
        if (stage->phase == AFTER)
            return run_to(AFTER, 0), false;
    }
    return true;
}

/* Calls take more than one way, such as to a block that is there and to a new one. */
static bool try_to_go_to(size_t wanted)
{
    bool there = false;
    for (int i = 0; i < CALLS_MOST && !(there = go_to(wanted)); i++)
        again();
    return there;
}

/* ---- One operation ------------------------------------------------------------------------ */

/* Between points of the slow paths: so many are tried. */
static size_t find_stride(size_t points)
{
    size_t slow = path->count - path->fast_count;
    points = steps_all && points > FEWER ? points / FEWER : points;
    return slow <= points ? 1 : (slow + points - 1) / points;
}

static void try_event(enum event e, size_t stride)
{
    size_t fast = 0, slow = 0;
    begin(e);
    for (size_t k = 0; k < path->count; k++) {
        if (!path->fast[k] && (k + (size_t)e * stride / EVENTS) % stride != 0)
            continue;
        if (!try_to_go_to(k))
            continue;
        if (in_fast_path())
            fast++;
        else
            slow++;
        let_happen();
        again();
    }
    end();
    printf("  %-16s at %zu of %zu in fast paths, %zu of %zu in slow ones\n",
           event_names[e], fast, path->fast_count, slow, path->count - path->fast_count);
    fflush(stdout);
}

static void try_operation(enum operation o, size_t points)
{
    operation = o;
    follow_path();
    size_t stride = find_stride(points);
    printf("%s: %zu instructions; of slow paths each %zu. is tried\n", operation_names[o],
           path->count, stride);
    for (enum event e = 0; e < EVENTS; e++)
        try_event(e, stride);
}

/* On one processor the two processes take turns faster. */
static void stay_here(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)sched_getcpu(), &set);
    sched_setaffinity(0, sizeof set, &set);
}

/* `rep stos` would be one instruction of thousands of steps. */
static void tune(char **arguments)
{
    static const char tunables[] = "glibc.cpu.x86_rep_stosb_threshold=100000000:"
                                   "glibc.cpu.x86_rep_movsb_threshold=100000000";
    if (getenv("GLIBC_TUNABLES"))
        return;
    setenv("GLIBC_TUNABLES", tunables, 1);
    execv("/proc/self/exe", arguments);
}

static bool can_trace(void)
{
    int status;
    pid_t pid = fork();
    if (pid == 0)
        _exit(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 ? 0 : 1);
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

int main(int count, char **arguments)
{
    size_t points = count > 1 ? strtoul(arguments[1], NULL, 10) : POINTS;
    tune(arguments);
    stage = mmap(NULL, sizeof *stage, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                 -1, 0);
    path = mmap(NULL, sizeof *path, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                -1, 0);
    if (stage == MAP_FAILED || path == MAP_FAILED || sem_init(&stage->ask, 1, 0) != 0 ||
        madvise(path, sizeof *path, MADV_DONTFORK) != 0)
        return EXIT_FAILURE;
    if (!can_trace()) {
        printf("step: processes cannot be traced here: skipped\n");
        return SKIP;
    }
    signal(SIGALRM, on_alarm);
    stay_here();
    double began = now();
    int only = count > 2 ? atoi(arguments[2]) : -1; /* the number of an operation */
    for (enum operation o = 0; o < OPERATIONS; o++)
        if (only < 0 || o == (enum operation)only)
            try_operation(o, points);
    printf("step: passed in %.0f s\n", now() - began);
    return EXIT_SUCCESS;
}
