/* A program for memcheck and AddressSanitizer: it does one thing wrong with an object of the heap, or nothing. */
#include <gcalloc/gcalloc.h>
#include <gcalloc/layout.h>
#include <gcalloc/slab.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOINLINE __attribute__((noinline))

static volatile char *kept[8];

NOINLINE static void make(void)
{
    kept[0] = gc_alloc(100);
    kept[1] = gc_alloc_atomic(24);
    kept[2] = gc_alloc(3000);
    kept[3] = gc_alloc(100000);
    kept[4] = gc_alloc_manual(40);
}

NOINLINE static void overflow(int which, long at)
{
    kept[which][at] = 1;
}

NOINLINE static void use_freed(int which)
{
    volatile char *object = kept[which];
    gc_free((void *)object);
    object[8] = 1;
}

/* Objects of many sizes come and go, by hand and by collections, are resized and read. */
NOINLINE static void work(void)
{
    char *resized = gc_alloc(10);
    memset(resized, 7, 10);
    for (size_t i = 0; i < 3000; i++) {
        size_t size = 1 + i * i % (i % 100 ? 2000 : 200000);
        char *o = i % 3 ? gc_alloc(size) : gc_alloc_atomic(size);
        memset(o, 1, size);
        if (i % 5 == 0)
            gc_free(o);
        if (i % 50 == 0)
            resized = gc_realloc(resized, 10 + i * 20 % 40000);
        if (i % 1000 == 0)
            gc_collect();
    }
    if (resized[9] != 7)
        abort();
}

/* An error that is none of the heap's. */
NOINLINE static void overflow_other(void)
{
    volatile char *other = malloc(10);
    other[10] = 1;
    free((void *)other);
}

static void construct(void *object)
{
    memset(object, 5, 48);
}

/* Objects wait in a slab, are used again, and are freed with it. */
NOINLINE static void use_slab(void)
{
    char *objects[4];
    gc_slab *slab = gc_slab_create("parts", 48, 0, construct, GC_SLAB_KEEP);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 4; i++)
            objects[i] = gc_slab_alloc(slab);
        for (int i = 0; i < 4; i++)
            gc_slab_free(slab, objects[i]);
    }
    objects[0] = gc_slab_alloc(slab);
    if (objects[0][47] != 5 || gc_slab_destroy(slab) != 0)
        abort();
    gc_slab_free(slab, objects[0]);
}

/* Arrays of a layout move as they grow. */
NOINLINE static void move_arrays(void)
{
    gc_layout pairs = gc_layout_new_array(0, gc_layout_new(16, (const size_t[]){8}, 1));
    for (size_t end = 2; end < 6000; end = end * 3 / 2) {
        char *array = gc_alloc_layout_sized(pairs, 16 * end);
        for (size_t i = 0; array && i < 16 * end; i++)
            array[i] = 0;
        array = gc_realloc(array, 16 * (end + end / 3 + 1));
        if (!array || array[16 * end] != 0)
            abort();
    }
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    make();
    if (strcmp(what, "clean") == 0)
        work();
    else if (strcmp(what, "overflow") == 0 && argc == 4)
        overflow(atoi(argv[2]), atol(argv[3]));
    else if (strcmp(what, "other") == 0)
        overflow_other();
    else if (strcmp(what, "slab") == 0)
        use_slab();
    else if (strcmp(what, "arrays") == 0)
        move_arrays();
    else if (strcmp(what, "freed") == 0 && argc == 3)
        use_freed(atoi(argv[2]));
    else
        return 2;
    puts("done");
    return 0;
}
