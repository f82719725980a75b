/* Signals arrive while threads are made and joined in a process that has not used the heap yet: in
 * the library's critical sections, too, at whose end the program's handler runs.  Each signal that
 * the main thread sends itself afterwards comes exactly once: none is left waiting. */
#include <gcalloc/gcalloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <unistd.h>

enum { THREADS = 5000, MICROSECONDS = 20, SENT = 100 };

static volatile sig_atomic_t alarms, sent;

static void on_signal(int number)
{
    if (number == SIGALRM)
        alarms++;
    else
        sent++;
}

static void *work(void *argument)
{
    return argument;
}

static int make_and_join(void)
{
    pthread_t thread;
    void *result = NULL;
    return pthread_create(&thread, NULL, work, (void *)&alarms) == 0 &&
           pthread_join(thread, &result) == 0 && result == (void *)&alarms;
}

int main(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    struct itimerval often = {{0, MICROSECONDS}, {0, MICROSECONDS}},
                     never = {{0, 0}, {0, 0}};
    if (sigaction(SIGALRM, &action, NULL) != 0 || sigaction(SIGUSR1, &action, NULL) != 0)
        return 99;
    setitimer(ITIMER_REAL, &often, NULL);
    for (int i = 0; i < THREADS; i++)
        if (!make_and_join())
            return 98;
    setitimer(ITIMER_REAL, &never, NULL);
    for (int i = 0; i < SENT; i++)
        raise(SIGUSR1);
    printf("%d alarms, %d of %d signals\n", (int)alarms, (int)sent, SENT);
    gc_collect();
    return alarms == 0 || sent != SENT;
}
