/* Loads the plugin, uses it in several threads, and unloads it while they live; and again.  The
 * collector stays: where it is named, its pthread_create is called, which calls another. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

enum { THREADS = 3, ROUNDS = 3 };

static int (*use)(void);
static pthread_barrier_t used, unloaded;

static void *work(void *failed)
{
    void *result = use() ? NULL : failed;
    pthread_barrier_wait(&used);
    pthread_barrier_wait(&unloaded);
    return result;
}

static int load_and_unload(const char *plugin)
{
    int failed = 0;
    pthread_t threads[THREADS];
    void *handle = dlopen(plugin, RTLD_NOW | RTLD_LOCAL);
    if (!handle)
        return puts(dlerror()), 1;
    *(void **)&use = dlsym(handle, "use");
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, work, &failed);
    pthread_barrier_wait(&used);
    dlclose(handle);
    pthread_barrier_wait(&unloaded);
    for (int i = 0; i < THREADS; i++) {
        void *result;
        pthread_join(threads[i], &result);
        failed |= result != NULL;
    }
    return failed;
}

static void *nothing(void *argument)
{
    return argument;
}

static int create(const char *collector)
{
    pthread_t thread;
    __typeof__(&pthread_create) create_thread;
    void *handle = dlopen(collector, RTLD_NOW | RTLD_NOLOAD);
    if (!handle)
        return puts("the collector is gone"), 1;
    *(void **)&create_thread = dlsym(handle, "pthread_create");
    return create_thread(&thread, NULL, nothing, NULL) || pthread_join(thread, NULL);
}

int main(int count, char **arguments)
{
    int failed = count < 2;
    pthread_barrier_init(&used, NULL, THREADS + 1);
    pthread_barrier_init(&unloaded, NULL, THREADS + 1);
    for (int i = 0; i < ROUNDS && !failed; i++)
        failed = load_and_unload(arguments[1]) || (count > 2 && create(arguments[2]));
    return failed;
}
