/* A statically linked program: no dynamic loader, and yet static data, thread-local data
 * and the stack are roots, each exactly. */
#include <gcalloc/gcalloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOINLINE __attribute__((noinline))

enum { COUNT = 64, COLLECTIONS = 100, GAP = 64 << 10 };

static int passed, failed;
static uintptr_t *hidden; /* the disguised addresses, in malloc's memory */

static void *in_data[COUNT] = {&in_data};
static void *in_bss[COUNT];
static __thread void *in_thread_data[COUNT] = {(void *)1};
static __thread void *in_thread_bss[COUNT];

static void expect(bool holds, const char *what)
{
    holds ? passed++ : failed++;
    if (!holds)
        printf("static: failed: %s\n", what);
}

static void collect(int times)
{
    while (times-- > 0)
        gc_collect();
}

/* Runs work(place) below frames that are cleared before and after. */
static NOINLINE void deeply(void (*work)(void **place), void **place)
{
    char gap[GAP];
    explicit_bzero(gap, sizeof gap);
    void (*volatile opaque)(void **) = work;
    opaque(place);
    explicit_bzero(gap, sizeof gap);
}

static void fill(void **place)
{
    for (size_t i = 0; i < COUNT; i++) {
        place[i] = gc_alloc(16 * (i + 1));
        memset(place[i], 0x5a, 16 * (i + 1));
        hidden[i] = ~(uintptr_t)place[i];
    }
}

static size_t living;

static void count_living(void **place)
{
    (void)place;
    living = 0;
    for (size_t i = 0; i < COUNT; i++) {
        const unsigned char *p = gc_base((void *)~hidden[i]);
        living += p && p[0] == 0x5a && p[16 * (i + 1) - 1] == 0x5a;
    }
}

static void clear(void **place)
{
    memset(place, 0, COUNT * sizeof *place);
}

static void check_place(void **place, const char *name)
{
    char what[80];
    deeply(fill, place);
    collect(COLLECTIONS);
    deeply(count_living, place);
    snprintf(what, sizeof what, "%s: %zu of %d alive", name, living, COUNT);
    expect(living == COUNT, what);
    deeply(clear, place);
    collect(1);
    deeply(count_living, place);
    snprintf(what, sizeof what, "%s, cleared: %zu alive", name, living);
    expect(living == 0, what);
}

static void on_signal(int sig)
{
    void *words[COUNT] = {NULL};
    (void)sig;
    check_place(words, "a frame on the alternate stack");
}

/* The unwinder has to find its tables without a dynamic loader, too. */
static void check_alternate_stack(void)
{
    enum { BYTES = 8 * GAP };
    void *words[COUNT] = {NULL};
    stack_t stack = {.ss_sp = malloc(BYTES), .ss_size = BYTES};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};
    expect(stack.ss_sp && sigaltstack(&stack, NULL) == 0, "sigaltstack");
    expect(sigaction(SIGUSR1, &action, NULL) == 0, "sigaction");
    raise(SIGUSR1);
    check_place(words, "a frame, after the handler");
}

static void check_specific_value(void)
{
    pthread_key_t key;
    expect(pthread_key_create(&key, NULL) == 0, "pthread_key_create");
    char *text = gc_strdup("kept by a key");
    hidden[0] = ~(uintptr_t)text;
    pthread_setspecific(key, text);
    text = NULL;
    collect(COLLECTIONS);
    expect(strcmp(pthread_getspecific(key), "kept by a key") == 0, "a specific value");
}

int main(void)
{
    void *in_frame[COUNT] = {NULL};
    hidden = malloc(COUNT * sizeof *hidden);
    if (!hidden)
        return EXIT_FAILURE;
    check_place(in_data, "initialized data");
    check_place(in_bss, "data without values");
    check_place(in_thread_data, "initialized thread-local data");
    check_place(in_thread_bss, "thread-local data without values");
    check_place(in_frame, "a frame");
    check_specific_value();
    check_alternate_stack();
    printf("%d passed, %d failed\n", passed, failed);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
