/* Threads that begin, allocate an object and end, one after the other: cost.sh counts their
 * system calls. */
#include <gcalloc/gcalloc.h>
#include <pthread.h>
#include <stdlib.h>

static void *life(void *argument)
{
    void *volatile object = gc_alloc(1000);
    return object ? argument : NULL;
}

int main(int argc, char **argv)
{
    int number = argc > 1 ? atoi(argv[1]) : 10;
    for (int i = 0; i < number; i++) {
        pthread_t thread;
        void *result;
        if (pthread_create(&thread, NULL, life, &number) != 0 ||
            pthread_join(thread, &result) != 0 || result != &number)
            return 1;
    }
    return 0;
}
