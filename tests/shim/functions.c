/* The malloc family as the shim has it, looked at by a program that knows nothing of it.
 * "lose" loses objects of 4321 bytes in all, and says so; "threads" starts and joins
 * threads; "protected" frees objects with pages that cannot be used. */
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int passed, failed;

#define EXPECT(condition) \
    (void)((condition)    \
               ? passed++ \
               : (failed++, printf("%s:%d: %s\n", __FILE__, __LINE__, #condition)))

/* Hides from the compiler what malloc and free mean. */
static void *volatile hidden;
static volatile size_t huge = SIZE_MAX - 100, odd = 24;

static void *opaque(void *p)
{
    hidden = p;
    p = hidden;
    hidden = NULL;
    return p;
}

static int is_aligned(const void *p, size_t to)
{
    return p && (uintptr_t)p % to == 0;
}

static void sizes(void)
{
    for (size_t size = 0; size < 300000; size += size / 7 + 1) {
        char *p = opaque(malloc(size));
        EXPECT(is_aligned(p, 16) && malloc_usable_size(p) >= size);
        memset(p, 0x55, malloc_usable_size(p));
        free(p);
        p = opaque(calloc(1, size));
        for (size_t i = 0; i < size; i++)
            if (p[i])
                failed++;
        memset(p, 0x55, size);
        p = opaque(realloc(p, 2 * size + 1));
        EXPECT(size == 0 || (p[0] == 0x55 && p[size - 1] == 0x55));
        free(p);
    }
    void *a = opaque(malloc(0)), *b = opaque(malloc(0));
    EXPECT(a && b && a != b);
    free(a);
    free(b);
    EXPECT(malloc_usable_size(NULL) == 0);
}

static void refused(void)
{
    static void *volatile p;
    p = malloc(10);
    errno = 0;
    EXPECT(!malloc(huge) && errno == ENOMEM);
    errno = 0;
    EXPECT(!calloc(huge, 3) && errno == ENOMEM);
    errno = 0;
    EXPECT(!reallocarray(p, huge, 3) && errno == ENOMEM);
    errno = 0;
    EXPECT(!realloc(p, huge) && errno == ENOMEM);
    errno = 0;
    EXPECT(!pvalloc(huge + 50) && errno == ENOMEM);
    EXPECT(!realloc(p, 0));
    p = NULL;
}

static void aligned(void)
{
    for (size_t to = 8; to <= 1 << 20; to *= 2) {
        void *p = NULL, *q = memalign(to - 1, 100), *r = aligned_alloc(to, 3 * to);
        EXPECT(posix_memalign(&p, to, to + 1) == 0 && is_aligned(p, to));
        EXPECT(is_aligned(q, to) && is_aligned(r, to));
        free(p);
        free(q);
        free(r);
    }
    void *p = &p, *page = valloc(1), *pages = pvalloc(1);
    errno = 77;
    EXPECT(posix_memalign(&p, 4, 10) == EINVAL && p == &p);
    EXPECT(posix_memalign(&p, 24, 10) == EINVAL && p == &p);
    EXPECT(posix_memalign(&p, 0, 10) == EINVAL && p == &p);
    EXPECT(posix_memalign(&p, 64, huge) == ENOMEM && p == &p && errno == 77);
    EXPECT(!aligned_alloc(odd, 48) && errno == EINVAL);
    EXPECT(is_aligned(page, 4096) && is_aligned(pages, 4096));
    EXPECT(malloc_usable_size(pages) >= 4096);
    free(page);
    free(pages);
}

/* What any function of the family allocates any of them frees, under each name that the C
 * library has or had for it. */
extern void *__libc_malloc(size_t size) __attribute__((weak));
extern void *__libc_calloc(size_t count, size_t size) __attribute__((weak));
extern void *__libc_realloc(void *object, size_t size) __attribute__((weak));
extern void *__libc_reallocarray(void *object, size_t count, size_t size)
    __attribute__((weak));
extern void *__libc_memalign(size_t alignment, size_t size) __attribute__((weak));
extern void *__libc_valloc(size_t size) __attribute__((weak));
extern void *__libc_pvalloc(size_t size) __attribute__((weak));
extern int __posix_memalign(void **object, size_t alignment, size_t size)
    __attribute__((weak));
extern void __libc_free(void *object) __attribute__((weak));
extern void cfree(void *object) __attribute__((weak));
extern void free_sized(void *object, size_t size) __attribute__((weak));
extern void free_aligned_sized(void *object, size_t alignment, size_t size)
    __attribute__((weak));

static void other_names(void)
{
    void *from_posix = NULL;
    EXPECT(__libc_malloc && __libc_calloc && __libc_realloc && __libc_reallocarray);
    EXPECT(__libc_memalign && __libc_valloc && __libc_pvalloc && __posix_memalign);
    EXPECT(__libc_free && cfree && free_sized && free_aligned_sized);
    if (failed)
        return;
    EXPECT(__posix_memalign(&from_posix, 64, 100) == 0);
    void *objects[] = {__libc_malloc(100),
                       __libc_calloc(10, 10),
                       __libc_realloc(opaque(malloc(10)), 100),
                       __libc_reallocarray(NULL, 10, 10),
                       __libc_memalign(64, 100),
                       __libc_valloc(100),
                       __libc_pvalloc(100),
                       from_posix};
    size_t count = sizeof objects / sizeof objects[0];
    for (size_t i = 0; i < count; i++)
        EXPECT(malloc_usable_size(objects[i]) >= 100);
    for (size_t i = 0; i < count; i++)
        free(opaque(objects[i]));
    __libc_free(opaque(malloc(100)));
    cfree(opaque(malloc(100)));
    free_sized(opaque(malloc(100)), 100);
    free_aligned_sized(opaque(memalign(64, 100)), 64, 100);
}

static void keeps_errno(void)
{
    void *small = opaque(malloc(10)), *large = opaque(malloc(10000000));
    errno = 77;
    free(small);
    EXPECT(errno == 77);
    free(large);
    EXPECT(errno == 77);
    free(NULL);
    EXPECT(errno == 77);
}

/* Freed with a page that cannot be written to, memory comes to others as it should be. */
static void protected(void)
{
    static void *volatile later[64];
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (size_t pages = 1; pages < 200; pages = 2 * pages + 1) {
        for (int i = 0; i < 4; i++) {
            char *p = aligned_alloc(page, pages * page);
            memset(p, 0x55, pages * page);
            EXPECT(mprotect(p + pages / 2 * page, page, i % 2 ? PROT_NONE : PROT_READ) ==
                   0);
            free(p);
        }
        for (int i = 0; i < 64; i++) {
            char *p = i % 2 ? calloc(pages, page) : malloc(pages * page);
            EXPECT(p && (i % 2 == 0 || p[pages / 2 * page] == 0));
            memset(p, 0x55, pages * page);
            later[i] = p;
        }
        for (int i = 0; i < 64; i++)
            free(later[i]);
    }
}

__attribute__((noinline)) static void lose(void)
{
    void *p = NULL;
    opaque(malloc(1000));
    opaque(calloc(10, 100));
    opaque(realloc(malloc(10), 1000));
    if (posix_memalign(&p, 256, 1000) == 0)
        opaque(p);
    p = NULL;
    char text[321];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    opaque(strdup(text));
}

static void *nothing(void *argument)
{
    return argument;
}

/* The C library keeps stacks of threads that have ended, and what it allocated for them. */
static void thread_memory(void)
{
    enum { THREADS = 6 };
    pthread_t threads[THREADS];
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < THREADS; i++)
            EXPECT(pthread_create(&threads[i], NULL, nothing, NULL) == 0);
        for (int i = 0; i < THREADS; i++)
            EXPECT(pthread_join(threads[i], NULL) == 0);
    }
}

/* What registers and the stack may still hold goes. */
__attribute__((noinline)) static void forget(void)
{
    volatile char space[8192];
    for (size_t i = 0; i < sizeof space; i++)
        space[i] = 0;
}

int main(int argc, char **argv)
{
    sizes();
    refused();
    aligned();
    keeps_errno();
    other_names();
    if (argc > 1 && strcmp(argv[1], "protected") == 0)
    protected();
    if (argc > 1 && strcmp(argv[1], "lose") == 0)
        lose();
    if (argc > 1 && strcmp(argv[1], "threads") == 0)
        thread_memory();
    forget();
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
