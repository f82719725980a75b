/* Threads allocate, change and drop objects in a table, each in a part of its own, while the heap is compacted and
 * the program forks.  A child goes on with the part of the thread that forked, and so does its child.  Every object
 * says what is in each of its bytes.
 *
 *     storm [rounds] */
#include <gcalloc/gcalloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    THREADS = 3,
    PART = 7000, /* objects of each thread, and of main */
    BYTES_MOST = 450,
    STEPS = 2000,
    CHILDS_ROUNDS = 6,
    GRANDCHILD_EVERY = 4, /* rounds */
    COLLECT_EVERY = 3,
};

struct object {
    unsigned value, bytes;
    unsigned char filled[];
};

static struct object **table;
static int stop;

static void fill(struct object *o, unsigned value, size_t bytes)
{
    o->value = value;
    o->bytes = (unsigned)bytes;
    memset(o->filled, (unsigned char)value, bytes - sizeof *o);
}

static void check(const struct object *o)
{
    for (size_t i = 0; i < o->bytes - sizeof *o; i++)
        if (o->filled[i] != (unsigned char)o->value) {
            fprintf(stderr, "storm: object %p of process %d is another's now\n",
                    (const void *)o, getpid());
            abort();
        }
}

static void step(struct object **place, unsigned *seed)
{
    struct object *o = *place;
    size_t bytes = sizeof *o + (unsigned)rand_r(seed) % (BYTES_MOST - sizeof *o);
    if (o)
        check(o);
    switch (rand_r(seed) % 8) {
    case 0:
        o = gc_alloc(bytes);
        if (o)
            fill(o, (unsigned)rand_r(seed), bytes);
        *place = o;
        break;
    case 1:
        gc_free(o);
        *place = NULL;
        break;
    case 2:
        *place = NULL;
        break;
    default:
        if (o)
            fill(o, (unsigned)rand_r(seed), o->bytes);
    }
}

static void live_on(unsigned part, unsigned *seed)
{
    for (int i = 0; i < STEPS; i++)
        step(&table[part * PART + (unsigned)rand_r(seed) % PART], seed);
}

static void *run(void *part)
{
    unsigned seed = (unsigned)(size_t)part;
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
        live_on((unsigned)(size_t)part, &seed);
    return NULL;
}

static void await(pid_t child)
{
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
        fprintf(stderr, "storm: a child ended with %x\n", (unsigned)status);
        exit(1);
    }
}

static void be_child(unsigned round)
{
    unsigned seed = round + 1000;
    for (int i = 0; i < CHILDS_ROUNDS; i++) {
        live_on(0, &seed);
        gc_collect();
    }
    if (round % GRANDCHILD_EVERY == 0) {
        pid_t child = fork();
        for (int i = 0; i < CHILDS_ROUNDS; i++) {
            live_on(0, &seed);
            gc_collect();
        }
        if (child == 0)
            _exit(0);
        await(child);
    }
    _exit(0);
}

int main(int argc, char **argv)
{
    unsigned rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 24, seed = 1;
    pthread_t threads[THREADS];
    table = gc_alloc((THREADS + 1) * PART * sizeof *table);
    for (size_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, run, (void *)(i + 1));
    for (unsigned round = 0; round < rounds; round++) {
        live_on(0, &seed);
        if (round % COLLECT_EVERY == 0)
            gc_collect();
        pid_t child = fork();
        if (child == 0)
            be_child(round);
        live_on(0, &seed);
        gc_collect();
        await(child);
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < (THREADS + 1) * PART; i++)
        if (table[i])
            check(table[i]);
    return 0;
}
