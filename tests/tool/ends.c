/* How programs end, for ends.sh: an object leaks, and another one is written behind; then it ends as the first argument
 * says, while another thread waits for a line if there is a second one. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PLACES = 2, OBJECTS = 40, ENOUGH = 24 };

static char *volatile kept[PLACES * OBJECTS];

/* Each is a place of its own, of which the second has one object. */
__attribute__((noinline)) static char *first_place(void)
{
    return malloc(ENOUGH);
}

__attribute__((noinline)) static char *second_place(void)
{
    return malloc(ENOUGH);
}

__attribute__((noinline)) static void leak(void)
{
    void *volatile lost = malloc(1000);
    lost = NULL;
    (void)lost;
}

__attribute__((noinline)) static void overwrite(void)
{
    for (int i = 0; i < OBJECTS; i++)
        kept[i] = first_place();
    kept[OBJECTS] = second_place();
    for (int i = 0; i <= OBJECTS; i++)
        kept[i][ENOUGH] = 7;
}

/* It has the stream's lock. */
static void *read_line(void *ready)
{
    char line[100];
    *(volatile int *)ready = 1;
    return fgets(line, sizeof line, stdin);
}

static void *nothing(void *argument)
{
    return argument;
}

static void run_threads(int count)
{
    for (int i = 0; i < count; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, nothing, NULL) != 0)
            exit(100);
        pthread_join(thread, NULL);
    }
}

__attribute__((noinline)) static void leak_deeper(int depth)
{
    if (depth > 0)
        leak_deeper(depth - 1);
    leak();
}

/* Their reports are long, as they leak at many places, and they end together. */
static int run_children(int count)
{
    int together[2], failed = 0;
    char byte;
    if (pipe(together) != 0)
        return 100;
    for (int i = 0; i < count; i++)
        if (fork() == 0) {
            close(together[1]);
            leak_deeper(50);
            exit(read(together[0], &byte, 1) != 0);
        }
    close(together[1]);
    for (int i = 0, status; i < count; i++)
        failed |= wait(&status) < 0 || status != 0;
    return failed;
}

static void end(const char *how)
{
    if (strcmp(how, "_exit") == 0)
        _exit(3);
    if (strcmp(how, "quick_exit") == 0)
        quick_exit(3);
    if (strcmp(how, "signal") == 0)
        raise(SIGTERM);
    exit(3);
}

int main(int argc, char **argv)
{
    pthread_t reader;
    volatile int ready = 0;
    if (argc > 2 && strcmp(argv[1], "threads") == 0)
        return run_threads(atoi(argv[2])), 0;
    if (argc > 2 && strcmp(argv[1], "children") == 0)
        return run_children(atoi(argv[2]));
    if (argc > 2 && pthread_create(&reader, NULL, read_line, (void *)&ready) == 0)
        while (!ready || usleep(100000) != 0)
            continue;
    leak();
    overwrite();
    puts("written last");
    end(argc > 1 ? argv[1] : "exit");
    return 0;
}
