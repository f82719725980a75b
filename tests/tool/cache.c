/* A program with a cache that is never emptied.  It knows nothing of the library. */
#include <stdio.h>
#include <stdlib.h>

#define NOINLINE __attribute__((noinline))

struct page {
    struct page *older;
    char *text;
};

static struct {
    size_t hits, misses;
    struct page *newest;
} cache;

NOINLINE static char *render(int number)
{
    char *text = malloc(1000);
    snprintf(text, 1000, "page %d", number);
    return text;
}

NOINLINE static void remember(char *text)
{
    struct page *p = malloc(sizeof *p);
    *p = (struct page){cache.newest, text};
    cache.newest = p;
    cache.misses++;
}

NOINLINE static void serve(int requests)
{
    for (int i = 0; i < requests; i++)
        remember(render(i));
}

NOINLINE void served(void)
{
    __asm__ volatile("");
}

int main(int argc, char **argv)
{
    serve(argc > 1 ? atoi(argv[1]) : 1000);
    served();
    free(malloc(1));
    return 0;
}
