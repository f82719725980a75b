/* timer_create and timer_delete, mq_notify, lio_listio, lio_listio64 and getaddrinfo_a, in front of the C
 * library's.  With SIGEV_THREAD they have functions of the program run on threads that the C library makes by
 * itself, at any time, also while the world is stopped.  Who stops the world does not see such a thread: it would
 * take pointers from where they have not been looked for yet, onto a stack that nobody scans.  So it waits for the
 * end of the stop before the program's function begins.  What a timer passes on is kept until it is deleted.  The
 * file is not in the static library, as the C library's functions have no second name there. */
#include <aio.h>
#include <errno.h>
#include <mqueue.h>
#include <netdb.h>
#include <signal.h>
#include <time.h>

#include "base/bits.h"
#include "world/next.h"
#include "world/park.h"
#include "world/timers.h"

#ifdef PIC /* libtool's: not for the static library */

/* A program has few functions for this.  Beyond this number they are called as if nobody stood in front. */
/* clang-format off */
#define EACH_PLACE(X)                                   \
    X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7)             \
    X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)       \
    X(16) X(17) X(18) X(19) X(20) X(21) X(22) X(23)     \
    X(24) X(25) X(26) X(27) X(28) X(29) X(30) X(31)
/* clang-format on */

typedef void notified(union sigval value);

/* The program's functions.  Each place is filled once, atomically, and never emptied: a thread that the C
 * library has begun may come to it after the program has deleted the timer. */
enum { PLACES = 32 };
static notified *functions[PLACES] PRIVATE_DATA;

/* A stop that begins later finds the thread in the list of all threads. */
static void run(size_t place, union sigval value)
{
    world_await_restart();
    __atomic_load_n(&functions[place], __ATOMIC_ACQUIRE)(value);
}

#define DEFINE_FRONT(place)                   \
    static void front_##place(union sigval v) \
    {                                         \
        run(place, v);                        \
    }
EACH_PLACE(DEFINE_FRONT)

#define NAME_FRONT(place) front_##place,
static notified *const fronts[PLACES] = {EACH_PLACE(NAME_FRONT)};

/* What the C library is to call for a function of the program. */
static notified *front_of(notified *function)
{
    for (size_t i = 0; i < PLACES; i++) {
        notified *there = NULL;
        if (__atomic_compare_exchange_n(&functions[i], &there, function, false,
                                        __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE) ||
            there == function)
            return fronts[i];
    }
    return function;
}

/* What to hand on in place of an event, or NULL; the program's own is as it was. */
static struct sigevent *put_front(struct sigevent *event, struct sigevent *copy)
{
    if (!event || event->sigev_notify != SIGEV_THREAD || !event->sigev_notify_function)
        return event;
    *copy = *event;
    copy->sigev_notify_function = front_of(event->sigev_notify_function);
    return copy;
}

#define NEXT_OR(name, error)                                \
    __typeof__(&name) next = NEXT(name, NO_FALLBACK(name)); \
    if (!next)                                              \
        return errno = ENOSYS, (error);

EXPORTED int timer_create(clockid_t clock, struct sigevent *restrict event,
                          timer_t *restrict timer)
{
    struct sigevent copy;
    void *volatile value = event ? event->sigev_value.sival_ptr : NULL;
    NEXT_OR(timer_create, -1)
    int result = next(clock, put_front(event, &copy), timer);
    if (result == 0 && value)
        timers_note(*timer, value);
    return result;
}

EXPORTED int timer_delete(timer_t timer)
{
    NEXT_OR(timer_delete, -1)
    timers_forget(timer);
    return next(timer);
}

EXPORTED int mq_notify(mqd_t queue, const struct sigevent *event)
{
    struct sigevent copy;
    NEXT_OR(mq_notify, -1)
    return next(queue, put_front((struct sigevent *)event, &copy));
}

EXPORTED int lio_listio(int mode, struct aiocb *const list[restrict], int count,
                        struct sigevent *restrict event)
{
    struct sigevent copy;
    NEXT_OR(lio_listio, -1)
    return next(mode, list, count, put_front(event, &copy));
}

EXPORTED int lio_listio64(int mode, struct aiocb64 *const list[restrict], int count,
                          struct sigevent *restrict event)
{
    struct sigevent copy;
    NEXT_OR(lio_listio64, -1)
    return next(mode, list, count, put_front(event, &copy));
}

EXPORTED int getaddrinfo_a(int mode, struct gaicb *list[restrict], int count,
                           struct sigevent *restrict event)
{
    struct sigevent copy;
    NEXT_OR(getaddrinfo_a, EAI_SYSTEM)
    return next(mode, list, count, put_front(event, &copy));
}

#endif
