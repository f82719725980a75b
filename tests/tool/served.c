/* A program that is asked while it runs: it does what the lines on its standard input say, and says on a line when
 * each is done, with the addresses of the objects that it is about. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))

struct link {
    long number;
    struct link *next;
};

static void *volatile sink;
static struct {
    long before[3];
    struct link *first;
} table;
static __thread struct link *volatile of_thread;
static pthread_barrier_t both;
static unsigned long told; /* of a thread: no pointer, but all of its bits turned */

NOINLINE static struct link *new_link(struct link *next, size_t bytes)
{
    struct link *l = calloc(1, bytes);
    l->next = next;
    return l;
}

NOINLINE static void lose(size_t bytes)
{
    sink = malloc(bytes);
    sink = NULL;
}

/* What was on the stack below is no root any more. */
NOINLINE static void clear(void)
{
    volatile char space[16384];
    for (size_t i = 0; i < sizeof space; i++)
        space[i] = 0;
}

/* Three links from a static variable, the first of 64 bytes. */
NOINLINE static void make_chain(void)
{
    struct link *third = new_link(NULL, 16), *second = new_link(third, 32);
    table.first = new_link(second, 64);
    printf("%p %p %p\n", (void *)table.first, (void *)second, (void *)third);
}

NOINLINE static void make_lost(void)
{
    struct link *second = new_link(NULL, 16), *first = new_link(second, 48);
    printf("%p %p\n", (void *)first, (void *)second);
}

/* Only a pool of the program's own, by mmap, leads to it. */
NOINLINE static void make_pooled(void)
{
    void **pool =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *pool = new_link(NULL, 40);
    printf("%p\n", *pool);
    pool = NULL;
}

/* Only the system leads to what a timer passes on, to what epoll has with a descriptor, to the buffer of a stream, and to
 * a variable of the environment. */
NOINLINE static void make_for_system(void)
{
    timer_t timer;
    int ends[2], poll = epoll_create1(0);
    struct sigevent at_end = {.sigev_notify = SIGEV_NONE,
                              .sigev_value.sival_ptr = calloc(1, 24)};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = calloc(1, 24)};
    FILE *null = fopen("/dev/null", "w");
    char *buffer = malloc(600), *variable = strdup("SERVED_BY=us");
    if (pipe(ends) != 0 || timer_create(CLOCK_MONOTONIC, &at_end, &timer) != 0 ||
        epoll_ctl(poll, EPOLL_CTL_ADD, ends[0], &event) != 0 || !null ||
        setvbuf(null, buffer, _IOFBF, 600) != 0 || putenv(variable) != 0)
        abort();
    printf("%p %p %p %p\n", at_end.sigev_value.sival_ptr, event.data.ptr, (void *)buffer,
           (void *)variable);
}

NOINLINE static void make_freed(void)
{
    void *object = malloc(100);
    printf("%p\n", object);
    free(object);
}

static void *hold_local(void *unused)
{
    struct link *volatile held = new_link(NULL, 24);
    told = ~(unsigned long)held;
    pthread_barrier_wait(&both);
    pthread_barrier_wait(&both);
    sink = held;
    return unused;
}

static void *hold_variable(void *unused)
{
    of_thread = new_link(NULL, 24);
    told = ~(unsigned long)of_thread;
    pthread_barrier_wait(&both);
    pthread_barrier_wait(&both);
    return unused;
}

static void *run(void *unused)
{
    pthread_barrier_wait(&both);
    return unused;
}

static pthread_t holder;

NOINLINE static void hold(void *(*how)(void *))
{
    pthread_create(&holder, NULL, how, NULL);
    pthread_barrier_wait(&both);
    printf("%#lx\n", ~told);
}

NOINLINE static void let_go(void)
{
    pthread_barrier_wait(&both);
    pthread_join(holder, NULL);
    puts("done");
}

/* The child has an object that its parent has not, and goes when its parent closes the pipe. */
NOINLINE static void make_child(int ends[2])
{
    char end;
    if (pipe(ends) != 0)
        abort();
    pid_t child = fork();
    if (child == 0) {
        close(ends[1]);
        for (int i = 0; i < 1000; i++)
            lose(100);
        clear();
        printf("%d\n", (int)getpid());
        fflush(stdout);
        _exit(read(ends[0], &end, 1) < 0);
    }
    close(ends[0]);
}

static void obey(const char *line)
{
    static int ends[2];
    if (strncmp(line, "lose ", 5) == 0)
        lose((size_t)atol(line + 5)), puts("done");
    else if (strcmp(line, "chain") == 0)
        make_chain();
    else if (strcmp(line, "lost") == 0)
        make_lost();
    else if (strcmp(line, "pool") == 0)
        make_pooled();
    else if (strcmp(line, "freed") == 0)
        make_freed();
    else if (strcmp(line, "system") == 0)
        make_for_system();
    else if (strcmp(line, "local") == 0)
        hold(hold_local);
    else if (strcmp(line, "variable") == 0)
        hold(hold_variable);
    else if (strcmp(line, "let go") == 0)
        let_go();
    else if (strcmp(line, "child") == 0)
        make_child(ends);
    else if (strcmp(line, "reap") == 0)
        close(ends[1]), wait(NULL), puts("done");
    else if (strcmp(line, "close") == 0)
        closefrom(3), puts("done");
    else if (strcmp(line, "hide") == 0)
        prctl(PR_SET_DUMPABLE, 0), puts("done");
    else if (strcmp(line, "static") == 0)
        printf("%p\n", (void *)&table);
    else if (strcmp(line, "last") == 0)
        pthread_create(&holder, NULL, run, NULL), puts("done"), fflush(stdout),
            pthread_barrier_wait(&both), pthread_exit(NULL);
    else if (strcmp(line, "die") == 0)
        abort();
    else
        puts("what?");
    clear();
    fflush(stdout);
}

/* Lines are read without a buffer of the heap's. */
int main(void)
{
    char line[64];
    size_t length = 0;
    static char buffer[BUFSIZ];
    setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    pthread_barrier_init(&both, NULL, 2);
    puts("ready");
    fflush(stdout);
    while (length < sizeof line && read(0, line + length, 1) == 1) {
        if (line[length++] != '\n')
            continue;
        line[length - 1] = '\0';
        length = 0;
        obey(line);
    }
    return 7;
}
