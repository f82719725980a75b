/* Programs that do one thing wrong each, by name, and one that does nothing wrong.  They know nothing of the
 * library.  The functions that stand in reports are not inlined, and their calls are no tail calls. */
#include <malloc.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOINLINE __attribute__((noinline, noclone))

static char *volatile object;
static volatile size_t at; /* so that no compiler sees where it goes */

static NOINLINE void make(size_t size)
{
    object = malloc(size);
}

static NOINLINE void end(void)
{
    free(object);
    at = 0;
}

static NOINLINE void put(size_t place, char byte)
{
    at = place;
    object[at] = byte;
}

/* ---- Beyond the end ---------------------------------------------------------------- */

static NOINLINE void overflow_by_one(void)
{
    make(13);
    put(13, 'A');
    end();
}

static NOINLINE void overflow_of_whole_granules(void)
{
    make(32);
    put(32, 0);
    end();
}

static NOINLINE void overflow_further(void)
{
    make(5);
    put(9, 'x');
    put(11, 'y');
    end();
}

static NOINLINE void overflow_of_nothing(void)
{
    make(0);
    put(0, 1);
    end();
}

static NOINLINE void overflow_of_medium(void)
{
    make(20000);
    put(20000, 1);
    end();
}

static NOINLINE void overflow_of_large(void)
{
    make(1 << 20);
    put(1 << 20, 1);
    end();
}

static NOINLINE void overflow_of_aligned(void)
{
    object = aligned_alloc(4096, 4096);
    put(4096, 1);
    end();
}

static NOINLINE void resize(size_t size)
{
    object = realloc(object, size);
    at = 0;
}

static NOINLINE void overflow_then_realloc(void)
{
    make(40);
    put(40, 1);
    resize(41);
    end();
}

static NOINLINE void overflow_after_realloc(void)
{
    make(4000);
    resize(3000);
    put(3000, 1);
    end();
}

static NOINLINE void overflow_never_freed(void)
{
    make(24);
    memset(object, 7, 30 + at);
}

static NOINLINE void overflow_seen_by_collection(void)
{
    make(24);
    put(24, 7);
    malloc_trim(0);
    end();
}

static NOINLINE void overflow_again_and_again(void)
{
    for (int i = 0; i < 100; i++)
        overflow_by_one();
}

static NOINLINE void make_busily(size_t size)
{
    make(size);
}

/* One in a place that has allocated often. */
static NOINLINE void overflow_of_busy(void)
{
    for (int i = 0; i < 20; i++) {
        make_busily(20);
        if (i == 19)
            put(20, 1);
        end();
    }
}

/* ---- After the free ------------------------------------------------------------------ */

/* As many as push the others out of where the freed are kept. */
static NOINLINE void free_many(void)
{
    for (int i = 0; i < 200000; i++) {
        void *volatile one = malloc(40);
        free(one);
    }
}

static NOINLINE void write_after_free(void)
{
    make(40);
    end();
    put(8, 5);
}

static NOINLINE void write_after_free_seen_later(void)
{
    make(40);
    end();
    put(47, 5);
    free_many();
}

static NOINLINE void write_after_free_collected(void)
{
    make(4000);
    end();
    put(0, 1);
    put(2, 2);
    malloc_trim(0);
}

static NOINLINE void write_after_realloc(void)
{
    make(40);
    char *old = object;
    resize(4000);
    old[at] = 6;
    end();
}

static NOINLINE void free_twice(void)
{
    make(40);
    end();
    free_many();
    make(3000);
    end();
    end();
}

/* ---- Pointers that are left ------------------------------------------------------------- */

static char **holder;

static NOINLINE void pointer_in_object(void)
{
    make(40);
    holder = malloc(64);
    holder[2] = object + 8;
    end();
    object = NULL;
    free_many();
    free(holder);
    holder = NULL;
}

static NOINLINE void pointer_in_data(void)
{
    make(40);
    end();
    free_many();
    object = NULL;
}

/* An address that is no pointer: the compiler does not know what this is. */
static volatile size_t key = ~(size_t)0;

/* Whether it is used again for what is allocated and freed now. */
static NOINLINE int comes_again(size_t hidden)
{
    for (int i = 0; i < 400000; i++) {
        char *volatile one = malloc(40);
        int same = ((size_t)one ^ key) == hidden;
        free(one);
        if (same)
            return 1;
    }
    return 0;
}

/* What calls that have returned left on the stack. */
static NOINLINE void clear_stack(void)
{
    volatile char space[16384];
    for (size_t i = 0; i < sizeof space; i++)
        space[i] = 0;
}

static NOINLINE size_t make_and_end(void)
{
    make(40);
    size_t hidden = (size_t)object ^ key;
    end();
    return hidden;
}

/* Whether memory comes to be used again while something points to it, and after that. */
static NOINLINE void used_again(void)
{
    size_t hidden = make_and_end();
    clear_stack();
    if (comes_again(hidden))
        puts("too early");
    object = NULL;
    if (!comes_again(hidden))
        puts("never");
}

/* ---- Pages that nobody can use ---------------------------------------------------------- */

static volatile char got;

static NOINLINE void get(size_t place)
{
    at = place;
    got = object[at];
}

static NOINLINE void write_behind(void)
{
    make(32);
    put(32, 1);
}

static NOINLINE void read_behind(void)
{
    make(4096);
    get(4101);
}

static NOINLINE void read_before(void)
{
    make(48);
    get((size_t)-8192);
}

static NOINLINE void read_after_free(void)
{
    make(40);
    end();
    get(7);
}

static sigjmp_buf back;

static void leave(int number)
{
    (void)number;
    siglongjmp(back, 1);
}

static int is_default(void)
{
    struct sigaction now;
    return sigaction(SIGSEGV, NULL, &now) == 0 && now.sa_handler == SIG_DFL;
}

/* The program's handler is called, and it never sees another one. */
static NOINLINE void read_large_after_free(void)
{
    make(1000000);
    put(999999, 1);
    end();
    get(500000);
}

/* More than wait for others at a time, small and large ones, none of which is used. */
static NOINLINE void many_large(void)
{
    for (size_t i = 0; i < 2000; i++) {
        make(66000 + i * 7919 % 300000);
        put(i * 30, 1);
        end();
    }
}

static NOINLINE void read_behind_and_go_on(void)
{
    if (!is_default())
        puts("not the default");
    signal(SIGSEGV, leave);
    if (sigsetjmp(back, 1) == 0)
        read_behind();
    if (signal(SIGSEGV, SIG_DFL) != leave || !is_default())
        puts("not as it was set");
}

static NOINLINE void no_address(void)
{
    object = NULL;
    get(16);
}

static NOINLINE void sent_signal(void)
{
    raise(SIGSEGV);
    puts("still here");
}

static NOINLINE void into_a_fenced_one(void)
{
    make(30);
    free(object + 2);
    end();
    end();
}

/* ---- Nothing wrong ------------------------------------------------------------------- */

enum { OBJECTS = 200, ROUNDS = 4000 };

static char *objects[OBJECTS];
static size_t sizes[OBJECTS];
static unsigned seed = 1;

static size_t next(size_t below)
{
    seed = seed * 1103515245 + 12345;
    return (seed >> 8) % below;
}

static size_t any_size(void)
{
    return next(100) == 0 ? next(300000) : next(10) == 0 ? next(9000) : next(200);
}

static void check(size_t i)
{
    for (size_t k = 0; k < sizes[i]; k += 1 + sizes[i] / 50)
        if (objects[i][k] != (char)(i + k))
            printf("object %zu is spoilt at %zu of %zu\n", i, k, sizes[i]);
}

static void fill(size_t i)
{
    for (size_t k = 0; k < sizes[i]; k++)
        objects[i][k] = (char)(i + k);
}

/* What is asked for is filled to the last byte, and so is what malloc_usable_size grants. */
static NOINLINE void nothing_wrong(void)
{
    for (int round = 0; round < ROUNDS; round++) {
        size_t i = next(OBJECTS), size = any_size(),
               kept = size < sizes[i] ? size : sizes[i];
        check(i);
        switch (next(4)) {
        case 0:
            free(objects[i]);
            objects[i] = calloc(1, size);
            for (size_t k = 0; k < size; k++)
                if (objects[i][k])
                    printf("calloc gave %d at %zu of %zu\n", objects[i][k], k, size);
            break;
        case 1:
            free(objects[i]);
            objects[i] = aligned_alloc(64, size);
            break;
        case 2:
            free(objects[i]);
            objects[i] = malloc(size);
            size = malloc_usable_size(objects[i]);
            break;
        default:
            objects[i] = realloc(objects[i], size ? size : 1);
            sizes[i] = kept;
            check(i);
        }
        sizes[i] = size;
        fill(i);
        if (round % 1000 == 0)
            malloc_trim(0);
    }
    for (size_t i = 0; i < OBJECTS; i++)
        free(objects[i]);
}

#define PROGRAM(name) \
    {                 \
#name, name   \
    }

static const struct {
    const char *name;
    void (*run)(void);
} programs[] = {
    PROGRAM(overflow_by_one),
    PROGRAM(overflow_of_whole_granules),
    PROGRAM(overflow_further),
    PROGRAM(overflow_of_nothing),
    PROGRAM(overflow_of_medium),
    PROGRAM(overflow_of_large),
    PROGRAM(overflow_of_aligned),
    PROGRAM(overflow_then_realloc),
    PROGRAM(overflow_after_realloc),
    PROGRAM(overflow_never_freed),
    PROGRAM(overflow_seen_by_collection),
    PROGRAM(overflow_again_and_again),
    PROGRAM(overflow_of_busy),
    PROGRAM(write_after_free),
    PROGRAM(write_after_free_seen_later),
    PROGRAM(write_after_free_collected),
    PROGRAM(write_after_realloc),
    PROGRAM(free_twice),
    PROGRAM(pointer_in_object),
    PROGRAM(pointer_in_data),
    PROGRAM(used_again),
    PROGRAM(write_behind),
    PROGRAM(read_behind),
    PROGRAM(read_before),
    PROGRAM(read_after_free),
    PROGRAM(read_large_after_free),
    PROGRAM(many_large),
    PROGRAM(read_behind_and_go_on),
    PROGRAM(no_address),
    PROGRAM(sent_signal),
    PROGRAM(into_a_fenced_one),
    PROGRAM(nothing_wrong),
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc == 2 && i < sizeof programs / sizeof *programs; i++)
        if (strcmp(programs[i].name, argv[1]) == 0) {
            programs[i].run();
            puts("done");
            return 7;
        }
    return 1;
}
