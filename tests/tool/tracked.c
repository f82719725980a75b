/* A program for memcheck and AddressSanitizer: it does one thing wrong with an object of the heap, or nothing. */
#include <gcalloc/gcalloc.h>
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

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    make();
    if (strcmp(what, "clean") == 0)
        work();
    else if (strcmp(what, "overflow") == 0 && argc == 4)
        overflow(atoi(argv[2]), atol(argv[3]));
    else if (strcmp(what, "freed") == 0 && argc == 3)
        use_freed(atoi(argv[2]));
    else
        return 2;
    puts("done");
    return 0;
}
