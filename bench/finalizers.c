/* The time of a collection with finalizers: of objects that all live, or of which half have just died.
 *
 * usage: finalizers alive|dying ordered|unordered COUNT: how many objects of 32 bytes, each with a
 * finalizer; whether objects are finalised before what they point to.  Two of three point to the one that
 * was allocated before.  An operation is one object; the finalizers run outside of the time.
 *        finalizers memory ordered|unordered COUNT: says on stderr how many bytes a finalizer takes. */
#include "measure.h"

#include <unistd.h>

#if defined(PEER_GCALLOC)
#include <gcalloc/finalizer.h>
#endif

#define ROUNDS 5

static const char usage[] = "alive|dying|memory ordered|unordered COUNT";

struct object {
    struct object *previous;
    uint64_t number, unused[2];
};

/* One object that is scanned.  volatile: stores that nobody reads may be left out. */
static struct object *volatile *volatile table;

static uint64_t finalised;

static void finalise(void *object, void *data)
{
    (void)data;
    finalised += ((struct object *)object)->number;
}

#if defined(PEER_GCALLOC)
static void register_one(struct object *o, bool ordered)
{
    gc_finalizer_set_with(o, finalise, NULL, ordered ? 0 : GC_UNORDERED);
}

static void run_all(void)
{
    while (gc_finalizers_run() > 0)
        peer_collect();
}
#else
static void register_one(struct object *o, bool ordered)
{
    if (ordered)
        GC_register_finalizer(o, finalise, NULL, NULL, NULL);
    else
        GC_register_finalizer_no_order(o, finalise, NULL, NULL, NULL);
}

static void run_all(void)
{
    while (GC_invoke_finalizers() > 0)
        peer_collect();
}
#endif

static void make_objects(uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        struct object *o = peer_alloc(sizeof(*o));

        o->number = i;
        o->previous = i % 3 ? table[i - 1] : NULL;
        table[i] = o;
    }
}

static void register_all(uint64_t count, bool ordered)
{
    for (uint64_t i = 0; i < count; i++)
        register_one(table[i], ordered);
}

static uint64_t collection_time(void)
{
    uint64_t start = measure_now_ns();

    peer_collect();
    return measure_now_ns() - start;
}

static uint64_t resident_bytes(void)
{
    unsigned long long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");

    if (!f || fscanf(f, "%*u %llu", &pages) != 1)
        exit(1);
    fclose(f);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void say_memory(uint64_t count, bool ordered)
{
    make_objects(count);
    uint64_t before = resident_bytes();
    register_all(count, ordered);
    fprintf(stderr, "%s: %.1f bytes per finalizer\n", peer_name(),
            (double)(resident_bytes() - before) / (double)count);
}

/* Groups of three that point to one another go or stay together. */
static void drop(uint64_t count, uint64_t one_of)
{
    for (uint64_t i = 0; i < count; i++)
        if (i / 3 % one_of == 0)
            table[i] = NULL;
}

static uint64_t measure_alive(uint64_t count, bool ordered)
{
    uint64_t times[ROUNDS];

    make_objects(count);
    register_all(count, ordered);
    peer_collect();
    for (int i = 0; i < ROUNDS; i++)
        times[i] = collection_time();
    return measure_median(times, ROUNDS);
}

static uint64_t measure_dying(uint64_t count, bool ordered)
{
    uint64_t times[ROUNDS];

    for (int i = 0; i < ROUNDS; i++) {
        make_objects(count);
        register_all(count, ordered);
        peer_collect();
        drop(count, 2);
        times[i] = collection_time();
        drop(count, 1);
        run_all();
        peer_collect();
        run_all();
    }
    return measure_median(times, ROUNDS);
}

int main(int argc, char **argv)
{
    uint64_t count, time = 0;
    bool ordered, memory = argc > 1 && strcmp(argv[1], "memory") == 0;

    measure_count(argc, argv, 3, usage);
    bool alive = memory || measure_choice(argv, 1, "alive", "dying", usage);
    ordered = measure_choice(argv, 2, "ordered", "unordered", usage);
    count = (uint64_t)measure_number(argv, 3, 1, 100000000, usage);
    peer_init();
#if !defined(PEER_GCALLOC)
    GC_set_finalize_on_demand(1);
#endif
    table = peer_alloc_zeroed(count * sizeof(*table));
    if (memory)
        say_memory(count, ordered);
    else
        time = alive ? measure_alive(count, ordered) : measure_dying(count, ordered);
    measure_report(time, count, 0);
    return 0;
}
