/* Objects that libraries lose, which are unloaded then, and others that are loaded in their
 * place.  A library is an argument FILE:FUNCTION; each function loses more bytes than the one
 * before, from 100 on, by the same calls.
 *
 *     unloaded HOW LIBRARY...
 *
 * Says "at one address" if all functions were. */
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef WITH_MALLOC
#define ALLOCATE malloc
#define FREE free
#else
#include <gcalloc/gcalloc.h>
#define ALLOCATE gc_alloc_manual
#define FREE gc_free
#endif

typedef void *function(void *(*work)(void *), void *argument);

static int apart;    /* each library in a name space of its own */
static int replaces; /* other.so is named alpha.so after the first */
static int (*close_library)(void *library) = dlclose;
static int (*other_close)(void *library);
static uintptr_t first;
static int all_at_one = 1;

static void *lose(void *size)
{
    void *volatile object = ALLOCATE(*(size_t *)size);
    return object ? size : NULL;
}

static void *open_library(const char *name, function **f)
{
    char file[4096];
    const char *colon = strchr(name, ':');
    snprintf(file, sizeof file, "%.*s", (int)(colon - name), name);
    void *library = apart ? dlmopen(LM_ID_NEWLM, file, RTLD_NOW | RTLD_LOCAL)
                          : dlopen(file, RTLD_NOW | RTLD_LOCAL);
    *(void **)f = library ? dlsym(library, colon + 1) : NULL;
    if (!*f) {
        puts(dlerror());
        exit(2);
    }
    uintptr_t none = 0, at = (uintptr_t)*f;
    __atomic_compare_exchange_n(&first, &none, at, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    if (none && none != at)
        __atomic_store_n(&all_at_one, 0, __ATOMIC_RELAXED);
    return library;
}

/* The last one stays. */
static void lose_in_turn(char **libraries, void (*use)(function *f, size_t size))
{
    for (size_t i = 0; libraries[i]; i++) {
        function *f;
        void *library = open_library(libraries[i], &f);
        use(f, 100 + 10 * i);
        if (libraries[i + 1])
            close_library(library);
        if (replaces && i == 0)
            rename("other.so", "alpha.so");
    }
}

static void use_here(function *f, size_t size)
{
    f(lose, &size);
}

/* ---- In a signal handler, whose stack only libunwind walks ------------------------------ */

static function *to_handle;
static size_t handled_size;

static void handle(int number)
{
    (void)number;
    to_handle(lose, &handled_size);
}

static void use_in_handler(function *f, size_t size)
{
    to_handle = f;
    handled_size = size;
    raise(SIGUSR1);
}

/* ---- A thread that lives longer than the libraries ------------------------------------- */

static pthread_barrier_t barrier;
static function *to_use;
static size_t to_lose;

static void *use_when_told(void *argument)
{
    for (;;) {
        pthread_barrier_wait(&barrier);
        if (!to_use)
            return argument;
        to_use(lose, &to_lose);
        pthread_barrier_wait(&barrier);
    }
}

static void use_there(function *f, size_t size)
{
    to_use = f;
    to_lose = size;
    pthread_barrier_wait(&barrier);
    if (f)
        pthread_barrier_wait(&barrier);
}

static void in_thread(char **libraries)
{
    pthread_t thread;
    pthread_barrier_init(&barrier, NULL, 2);
    pthread_create(&thread, NULL, use_when_told, NULL);
    lose_in_turn(libraries, use_there);
    use_there(NULL, 0);
    pthread_join(thread, NULL);
}

/* ---- Threads that each load and unload all the time ------------------------------------- */

enum { THREADS = 4, ROUNDS = 200 };

static char **to_load;

/* In an order of its own, so that others get places that have just become free. */
static void *load_and_unload(void *order)
{
    size_t count = 0, turn = *(size_t *)order;
    while (to_load[count])
        count++;
    for (size_t i = 0; i < ROUNDS; i++, turn = turn * 5 + 3 + i / 7) {
        function *f;
        size_t size = 100 + 10 * (turn % count);
        void *library = open_library(to_load[turn % count], &f);
        f(lose, &size);
        dlclose(library);
        for (int j = 0; j < 20; j++)
            FREE(ALLOCATE(40));
    }
    return order;
}

static void together(char **libraries)
{
    pthread_t threads[THREADS];
    size_t orders[THREADS];
    to_load = libraries;
    for (size_t i = 0; i < THREADS; i++) {
        orders[i] = i;
        pthread_create(&threads[i], NULL, load_and_unload, &orders[i]);
    }
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

/* ---- Others --------------------------------------------------------------------------- */

/* Unloads as the C library does what it has loaded itself: nobody is told.  The collector looks
 * when it collects, and as malloc also before dlopen. */
static int close_behind(void *library)
{
    int result = other_close(library);
#ifndef WITH_MALLOC
    gc_collect();
#endif
    return result;
}

static void find_other_close(void)
{
    void *library = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD);
    *(void **)&other_close = library ? dlsym(library, "dlclose") : NULL;
    if (!other_close)
        exit(3);
    close_library = close_behind;
}

static void *last;

static void *allocate(void *argument)
{
    last = ALLOCATE(50);
    return argument;
}

static void *release(void *argument)
{
    FREE(last);
    return argument;
}

/* The first allocates and frees, another has its place, and it is freed again. */
static void free_twice(char **libraries)
{
    function *f;
    void *library = open_library(libraries[0], &f);
    f(allocate, NULL);
    f(release, NULL);
    close_library(library);
    open_library(libraries[1], &f);
    void *volatile again = last;
    FREE(again);
}

/* Pointers to lost objects may be left there. */
static void clear_stack(void)
{
    char room[1 << 16];
    memset(room, 0, sizeof room);
    __asm__ volatile("" : : "r"(room) : "memory");
}

int main(int count, char **arguments)
{
    const char *how = count > 1 ? arguments[1] : "";
    char **libraries = arguments + 2;
    if (strcmp(how, "thread") == 0) {
        in_thread(libraries);
    } else if (strcmp(how, "signal") == 0) {
        signal(SIGUSR1, handle);
        lose_in_turn(libraries, use_in_handler);
    } else if (strcmp(how, "together") == 0) {
        together(libraries);
    } else if (strcmp(how, "twice") == 0) {
        free_twice(libraries);
    } else {
        apart = strcmp(how, "apart") == 0;
        replaces = strcmp(how, "replaced") == 0;
        if (strcmp(how, "behind") == 0)
            find_other_close();
        lose_in_turn(libraries, use_here);
    }
    if (strcmp(how, "without") == 0) /* the file of the first, here */
        unlink("alpha.so");
    if (strcmp(how, "elsewhere") == 0 && chdir("/") != 0)
        return 2;
    clear_stack();
    puts(all_at_one ? "at one address" : "at several addresses");
    return 0;
}
