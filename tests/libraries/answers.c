/* Calls functions that the collector has in front of the C library's in many ways, right and wrong,
 * and prints what they answer.  The output with the collector is the output without it.  The stop
 * signal is left out: it is not the program's. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

enum { STOP = 52 };

static void on_number(int number)
{
    (void)number;
}

static void on_information(int number, siginfo_t *information, void *context)
{
    (void)number, (void)information, (void)context;
}

static const char *name_of(__sighandler_t handler)
{
    return handler == SIG_DFL                                  ? "SIG_DFL"
           : handler == SIG_IGN                                ? "SIG_IGN"
           : handler == SIG_ERR                                ? "SIG_ERR"
           : handler == SIG_HOLD                               ? "SIG_HOLD"
           : handler == on_number                              ? "on_number"
           : handler == (__sighandler_t)(void *)on_information ? "on_information"
                                                               : "another";
}

/* The first word of a set, which is the kernel's part of it, without the stop signal. */
static unsigned long word_of(const sigset_t *set)
{
    unsigned long word;
    memcpy(&word, set, sizeof word);
    return word & ~(1UL << (STOP - 1));
}

/* ---- Signals ---------------------------------------------------------------------------------- */

/* What is set for the signal, and what is blocked; SA_RESTORER is the C library's own. */
static void tell_state(int number)
{
    enum { RESTORER = 0x04000000 };
    struct sigaction now;
    sigset_t mask;
    if (sigaction(number, NULL, &now) == 0)
        printf("    %s, flags %x, mask %lx\n", name_of(now.sa_handler),
               (unsigned)now.sa_flags & ~(unsigned)RESTORER, word_of(&now.sa_mask));
    sigprocmask(SIG_BLOCK, NULL, &mask);
    printf("    blocked: %lx\n", word_of(&mask));
}

static void set_action(int number, int flags, const struct sigaction *handler)
{
    struct sigaction action = *handler, old;
    action.sa_flags |= flags;
    if (flags & SA_RESTART)
        sigfillset(&action.sa_mask);
    else
        sigaddset(&action.sa_mask, SIGUSR2);
    errno = 0;
    int result = sigaction(number, &action, &old);
    printf("sigaction(%d, %s, %x): %d, %s, it was %s\n", number,
           name_of(action.sa_handler), (unsigned)action.sa_flags, result, strerror(errno),
           result == 0 ? name_of(old.sa_handler) : "");
    tell_state(number);
}

static void set_actions(int number)
{
    static const int flags[] = {0,
                                SA_RESTART,
                                SA_NODEFER,
                                (int)SA_RESETHAND,
                                SA_ONSTACK,
                                SA_NOCLDSTOP,
                                SA_NOCLDWAIT,
                                (int)(SA_RESTART | SA_NODEFER | SA_RESETHAND |
                                      SA_ONSTACK)};
    const struct sigaction handlers[] = {
        {.sa_handler = on_number},
        {.sa_sigaction = on_information, .sa_flags = SA_SIGINFO},
        {.sa_handler = SIG_IGN},
        {.sa_handler = SIG_DFL},
    };
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        for (size_t j = 0; j < sizeof handlers / sizeof handlers[0]; j++)
            set_action(number, flags[i], &handlers[j]);
}

#define HANDLER(call)                                                          \
    do {                                                                       \
        errno = 0;                                                             \
        __sighandler_t was = call;                                             \
        printf(#call ", %d: %s, %s\n", number, name_of(was), strerror(errno)); \
        tell_state(number);                                                    \
    } while (0)
#define RESULT(call)                                                     \
    do {                                                                 \
        errno = 0;                                                       \
        int result = call;                                               \
        printf(#call ", %d: %d, %s\n", number, result, strerror(errno)); \
        tell_state(number);                                              \
    } while (0)

static void set_in_other_ways(int number)
{
    HANDLER(signal(number, on_number));
    HANDLER(sysv_signal(number, on_number));
    HANDLER(sigset(number, on_number));
    HANDLER(sigset(number, SIG_HOLD));
    HANDLER(sigset(number, SIG_DFL));
    HANDLER(ssignal(number, on_number));
    RESULT(siginterrupt(number, 1));
    HANDLER(signal(number, on_number));
    RESULT(siginterrupt(number, 0));
    HANDLER(signal(number, SIG_ERR));
    RESULT(sighold(number));
    RESULT(sigrelse(number));
    RESULT(sigignore(number));
    HANDLER(signal(number, SIG_DFL));
}

/* The handler is called once, and is gone then. */
static void raise_each(int number)
{
    static const int flags[] = {0, (int)SA_RESETHAND, (int)(SA_RESETHAND | SA_RESTART)};
    const struct sigaction action = {.sa_sigaction = on_information,
                                     .sa_flags = SA_SIGINFO};
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        set_action(number, flags[i], &action);
        RESULT(raise(number));
    }
}

static void change_mask(int number) /* of the way to change it */
{
    sigset_t set, old, none;
    sigfillset(&set);
    sigemptyset(&old);
    RESULT(sigprocmask(number, &set, &old));
    RESULT(pthread_sigmask(number, &set, &old));
    printf("    it was %lx\n", word_of(&old));
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* ---- Threads ---------------------------------------------------------------------------------- */

static void *give(void *argument)
{
    return argument;
}

static int told; /* that they may end; atomic */

static void *wait_and_give(void *argument)
{
    while (!__atomic_load_n(&told, __ATOMIC_ACQUIRE))
        usleep(1000);
    return argument;
}

static void *leave(void *argument)
{
    pthread_exit(argument);
}

#define ANSWER(call) printf(#call ": %s\n", strerror(call))

static void run_with_stack(size_t bytes)
{
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    ANSWER(pthread_attr_setstacksize(&attributes, bytes));
    int error = pthread_create(&thread, &attributes, give, &attributes);
    printf("a stack of %zu bytes: %s\n", bytes, strerror(error));
    if (error == 0)
        ANSWER(pthread_join(thread, NULL));
}

static void join_in_time(void)
{
    pthread_t thread;
    void *result = NULL;
    struct timespec time;
    pthread_create(&thread, NULL, wait_and_give, &time);
    ANSWER(pthread_tryjoin_np(thread, &result));
    clock_gettime(CLOCK_REALTIME, &time);
    ANSWER(pthread_timedjoin_np(thread, &result, &time));
    clock_gettime(CLOCK_MONOTONIC, &time);
    ANSWER(pthread_clockjoin_np(thread, &result, CLOCK_MONOTONIC, &time));
    ANSWER(pthread_clockjoin_np(thread, &result, 99, &time));
    __atomic_store_n(&told, 1, __ATOMIC_RELEASE);
    ANSWER(pthread_join(thread, &result));
    printf("its result is %s\n", result == &time ? "its argument" : "another");
}

static void join_others(void)
{
    pthread_t thread;
    pthread_attr_t attributes;
    void *result = NULL;
    told = 0;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_create(&thread, &attributes, wait_and_give, NULL);
    ANSWER(pthread_join(thread, &result));
    ANSWER(pthread_tryjoin_np(thread, &result));
    ANSWER(pthread_detach(thread));
    ANSWER(pthread_join(pthread_self(), &result));
    ANSWER(pthread_tryjoin_np(pthread_self(), &result));
    pthread_create(&thread, NULL, leave, &attributes);
    ANSWER(pthread_join(thread, &result));
    printf("its result is %s\n", result == &attributes ? "its argument" : "another");
    pthread_create(&thread, NULL, wait_and_give, NULL);
    ANSWER(pthread_cancel(thread));
    ANSWER(pthread_join(thread, &result));
    printf("it was %s\n", result == PTHREAD_CANCELED ? "cancelled" : "not cancelled");
}

/* ---- Memory ----------------------------------------------------------------------------------- */

static int failed(void *memory)
{
    return memory == MAP_FAILED ? -1 : 0;
}

static void map(void)
{
    enum { NEW = MAP_PRIVATE | MAP_ANONYMOUS, BOTH = PROT_READ | PROT_WRITE };
    const int number = SIGUSR1; /* whose state RESULT tells */
    char *memory = mmap(NULL, 8192, BOTH, NEW, -1, 0);
    RESULT(failed(mmap(NULL, 0, BOTH, NEW, -1, 0)));
    RESULT(failed(mmap(NULL, 4096, BOTH, 0, -1, 0)));
    RESULT(failed(mmap(NULL, 4096, BOTH, MAP_PRIVATE, -1, 0)));
    RESULT(mprotect(memory + 1, 10, BOTH));
    RESULT(munmap(memory + 1, 10));
    RESULT(madvise(memory, 4096, 12345));
    RESULT(failed(mremap(memory, 4096, 0, 0)));
    RESULT(failed(mmap(memory, 4096, BOTH, NEW | MAP_FIXED, -1, 0)));
    RESULT(failed(mmap(memory, 4096, BOTH, NEW | MAP_FIXED_NOREPLACE, -1, 0)));
}

int main(void)
{
    for (int number = -1; number <= NSIG + 1; number++)
        if (number != STOP) {
            set_actions(number);
            set_in_other_ways(number);
        }
    raise_each(SIGUSR1);
    raise_each(SIGRTMAX);
    for (int way = -1; way < 5; way++)
        change_mask(way);
    for (size_t bytes = 0; bytes <= 1 << 17; bytes += 1 << 13)
        run_with_stack(bytes);
    join_in_time();
    join_others();
    map();
    return 0;
}
