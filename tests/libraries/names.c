/* A program with functions of its own that have names of the collector's. */
#include <stddef.h>
#include <stdlib.h>

int use(void);
void *gc_alloc_manual(size_t size);
void gc_init(void);
void gc_free(void *object);
void gc_collect(void);
int gc_root_add(void *low, void *high);
void *gc_realloc(void *object, size_t size);

void gc_init(void)
{
    abort();
}

void gc_free(void *object)
{
    (void)object;
    abort();
}

int gc_root_add(void *low, void *high)
{
    (void)low, (void)high;
    abort();
}

void *gc_realloc(void *object, size_t size)
{
    (void)object, (void)size;
    abort();
}

void *gc_alloc_manual(size_t size)
{
    (void)size;
    abort();
}

int main(void)
{
    return !use();
}
