/* The family of malloc under its other names: those that the C library has for its own use and
 * that some programs call, cfree, which programs from before glibc 2.26 call, and C23's.  Not
 * what the functions do: malloc.c has that.  No function that allocates or frees is the C
 * library's while the others are the heap's, or each would be given what is the other's. */
#include <malloc.h>
#include <stdlib.h>

#define EXPORT __attribute__((visibility("default")))

void *pvalloc(size_t size); /* not every C library declares it */

EXPORT void *__libc_malloc(size_t size);
EXPORT void *__libc_calloc(size_t count, size_t size);
EXPORT void *__libc_realloc(void *object, size_t size);
EXPORT void *__libc_reallocarray(void *object, size_t count, size_t size);
EXPORT void *__libc_memalign(size_t alignment, size_t size);
EXPORT void *__libc_valloc(size_t size);
EXPORT void *__libc_pvalloc(size_t size);
EXPORT int __posix_memalign(void **object, size_t alignment, size_t size);
EXPORT void __libc_free(void *object);
EXPORT void cfree(void *object);
EXPORT void free_sized(void *object, size_t size);
EXPORT void free_aligned_sized(void *object, size_t alignment, size_t size);

void *__libc_malloc(size_t size)
{
    return malloc(size);
}

void *__libc_calloc(size_t count, size_t size)
{
    return calloc(count, size);
}

void *__libc_realloc(void *object, size_t size)
{
    return realloc(object, size);
}

void *__libc_reallocarray(void *object, size_t count, size_t size)
{
    return reallocarray(object, count, size);
}

void *__libc_memalign(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

void *__libc_valloc(size_t size)
{
    return valloc(size);
}

void *__libc_pvalloc(size_t size)
{
    return pvalloc(size);
}

int __posix_memalign(void **object, size_t alignment, size_t size)
{
    return posix_memalign(object, alignment, size);
}

void __libc_free(void *object)
{
    free(object);
}

void cfree(void *object)
{
    free(object);
}

void free_sized(void *object, size_t size)
{
    (void)size;
    free(object);
}

void free_aligned_sized(void *object, size_t alignment, size_t size)
{
    (void)alignment;
    (void)size;
    free(object);
}
