/* What happens while, or after, the C library's pthread_join runs: this stands between it and
 * the collector.  Once `late` is set, a join that succeeded calls it before it returns. */
#include <dlfcn.h>
#include <pthread.h>

void (*late)(void);

int pthread_join(pthread_t thread, void **result)
{
    int (*next)(pthread_t, void **);
    *(void **)&next = dlsym(RTLD_NEXT, "pthread_join");
    int error = next(thread, result);
    void (*call)(void) = late;
    late = NULL;
    if (!error && call)
        call();
    return error;
}
