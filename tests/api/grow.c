/* Allocates 200 MB, of which 20 MB live, and prints the most that the heap held, in KiB. */
#include <gcalloc/gcalloc.h>
#include <stdio.h>
#include <string.h>

enum { OBJECTS = 200000, SIZE = 1000, LIVING = 20000 };

static void *living[LIVING];

int main(void)
{
    for (size_t i = 0; i < OBJECTS; i++) {
        void *object = gc_alloc(SIZE);
        if (!object)
            return 1;
        memset(object, 0x80, SIZE);
        living[i % LIVING] = object;
    }
    struct gc_stats s = {.size = sizeof s};
    gc_stats_get(&s);
    printf("%llu\n", (unsigned long long)s.heap_bytes_max / 1024);
    return 0;
}
