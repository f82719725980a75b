/* A thread whose cancellation is pending uses the library: for the first time in the process,
 * to grow, to collect, for a message, for a report and with the log in a file.  Nothing of that
 * is a cancellation point, so it gets through all of it; and the cancellation acts afterwards.
 * Then the main thread does the same, which waits for ever for a lock that was left. */
#include <gcalloc/gcalloc.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

enum { OBJECTS = 2000, BYTES = 10000 };

static int go, passed; /* atomic */

static int use_everything(void)
{
    void *volatile object = gc_alloc(32);
    int steps = object != NULL;
    for (int i = 0; i < OBJECTS; i++)
        steps += gc_alloc(BYTES) != NULL;
    gc_collect();
    gc_free((void *)0x1230);
    steps += gc_option_set("log_file", "/dev/null") == 0;
    gc_free((void *)0x1240);
    gc_leak_check();
    return steps;
}

static void *work(void *argument)
{
    while (!__atomic_load_n(&go, __ATOMIC_ACQUIRE))
        ;
    __atomic_store_n(&passed, use_everything(), __ATOMIC_RELEASE);
    pthread_testcancel();
    return argument;
}

int main(void)
{
    alarm(300);
    pthread_t thread;
    void *result = NULL;
    if (pthread_create(&thread, NULL, work, NULL) != 0)
        return 99;
    pthread_cancel(thread);
    __atomic_store_n(&go, 1, __ATOMIC_RELEASE);
    pthread_join(thread, &result);
    if (passed != OBJECTS + 2 || result != PTHREAD_CANCELED) {
        printf("%d steps of %d, %s\n", passed, OBJECTS + 2,
               result == PTHREAD_CANCELED ? "cancelled" : "not cancelled");
        return 1;
    }
    return use_everything() != OBJECTS + 2;
}
