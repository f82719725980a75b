/* A program whose allocations are known, for recordings:
 * `known TIMES [kill|_exit|fork|exec|threads|slow|stacks|lose|hold]`. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))

static void *volatile sink;

NOINLINE static void *keep(size_t bytes)
{
    void *object = malloc(bytes);
    sink = object;
    return object;
}

NOINLINE static void brief(size_t bytes)
{
    sink = malloc(bytes);
    free(sink);
}

NOINLINE static void large(void)
{
    sink = malloc(5000000);
    free(sink);
}

/* It is moved, and so allocated again. */
NOINLINE static void grow(void)
{
    char *object = malloc(50000);
    sink = object;
    sink = realloc(object, 100000);
}

NOINLINE static void *worker(void *argument)
{
    for (int i = 0; i < 10000; i++) {
        void *volatile object = malloc(100);
        free(object);
    }
    return argument;
}

/* All but the last ten of a hundred are freed. */
static void work(void)
{
    void *kept[100];
    for (int i = 0; i < 100; i++)
        kept[i] = keep(1000);
    for (int i = 0; i < 500; i++)
        brief(33);
    large();
    for (int i = 0; i < 90; i++)
        free(kept[i]);
}

static void run_threads(void)
{
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, worker, NULL);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
}

static void *volatile last;
static void go_on(unsigned path, int depth, size_t bytes);

NOINLINE static void left(unsigned path, int depth, size_t bytes)
{
    go_on(path, depth, bytes);
    sink = NULL; /* else the call would become a jump */
}

NOINLINE static void right(unsigned path, int depth, size_t bytes)
{
    go_on(path, depth, bytes);
    sink = NULL;
}

/* The bits of the path say who calls whom. */
static void go_on(unsigned path, int depth, size_t bytes)
{
    if (depth == 0)
        last = malloc(bytes);
    else if (path & 1)
        left(path >> 1, depth - 1, bytes);
    else
        right(path >> 1, depth - 1, bytes);
}

/* Each object has a call stack of its own; every third is freed. */
static void run_stacks(void)
{
    for (unsigned path = 0; path < 12000; path++) {
        go_on(path, 14, 16 + path % 1000);
        if (path % 3 == 0)
            free(last);
    }
}

NOINLINE static void *tail(void)
{
    void *object = malloc(300);
    sink = object;
    return object;
}

/* Of six objects five are kept by one. */
NOINLINE static void head(void)
{
    void **object = malloc(2000);
    memset(object, 0, 2000);
    for (int i = 0; i < 5; i++)
        object[i] = tail();
    sink = object;
    sink = NULL;
}

static void lose_all(void)
{
    char stack[4000];
    for (int i = 0; i < 100; i++)
        head();
    memset(stack, 0, sizeof stack); /* where their addresses have been */
    __asm__ volatile("" : : "r"(stack) : "memory");
}

static struct link {
    void *unused;
    struct link *next;
} *volatile held;

NOINLINE static struct link *make_link(size_t bytes, struct link *next)
{
    struct link *l = calloc(1, bytes);
    l->next = next;
    return l;
}

/* The first is the last of thirty, which the program holds. */
NOINLINE static void hold(void)
{
    struct link *l = make_link(7000, NULL);
    for (int i = 0; i < 29; i++)
        l = make_link(100, l);
    held = l;
}

static void run_child(void)
{
    if (fork() == 0) {
        keep(1000);
        free(keep(1000));
        exit(0);
    }
    wait(NULL);
}

int main(int argc, char **argv)
{
    const char *what = argc > 2 ? argv[2] : "";
    for (int i = atoi(argv[1]); i > 0; i--)
        work();
    if (strcmp(what, "slow") == 0)
        usleep(300000);
    grow();
    if (strcmp(what, "kill") == 0)
        kill(getpid(), SIGKILL);
    if (strcmp(what, "_exit") == 0)
        _exit(0);
    if (strcmp(what, "fork") == 0)
        run_child();
    if (strcmp(what, "exec") == 0)
        execl(argv[0], argv[0], "1", (char *)NULL);
    if (strcmp(what, "threads") == 0)
        run_threads();
    if (strcmp(what, "stacks") == 0)
        run_stacks();
    if (strcmp(what, "lose") == 0)
        lose_all();
    if (strcmp(what, "hold") == 0)
        hold();
    return 0;
}
