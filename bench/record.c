/* Records what a program asks of malloc.  Preloaded (LD_PRELOAD=bench/record.so), it
 * writes the operations to the file that GCALLOC_TRACE names, in the format of trace.h,
 * and hands them on to glibc.
 *
 * The file must not exist: so the first program to start records, and those that it
 * starts do not.  GCALLOC_TRACE_MOST (default 400,000) operations are recorded.
 * It uses glibc's own names for its allocator, so nothing has to be looked up, and no
 * allocation happens on the way; threads are put in order by one lock. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "trace.h"

#define EXPORT __attribute__((visibility("default")))

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *p);

enum {
    BUFFER = 1 << 16,
    TABLE = 1 << 22, /* places for addresses ever returned; a power of two */
    TABLE_MOST = TABLE / 2,
    OPERATION_MOST = 32, /* bytes */
};

/* Numbers of living objects by address; an address once entered stays. */
struct place {
    uintptr_t address;
    uint64_t number; /* 0: not alive, or not recorded */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int file = -1;
static struct place *table;
static size_t entered;
static uint64_t last_number, operations_left;
static uint8_t buffer[BUFFER];
static size_t buffered;

static void flush(void)
{
    for (size_t done = 0; done < buffered;) {
        ssize_t n = write(file, buffer + done, buffered - done);
        if (n < 0 && errno != EINTR)
            break;
        done += n > 0 ? (size_t)n : 0;
    }
    buffered = 0;
}

static void stop(void)
{
    if (file >= 0)
        flush();
    file = -1;
}

static void put(uint64_t n)
{
    for (; n >= 128; n >>= 7)
        buffer[buffered++] = (uint8_t)(n | 128);
    buffer[buffered++] = (uint8_t)n;
}

/* Begins an operation: what it says first. */
static void put_operation(enum trace_op op, uint64_t n)
{
    if (buffered > BUFFER - OPERATION_MOST)
        flush();
    put(n << TRACE_OP_BITS | op);
    operations_left--;
}

static bool recording(void)
{
    if (file >= 0 && (operations_left == 0 || entered == TABLE_MOST))
        stop();
    return file >= 0;
}

static struct place *find(const void *p)
{
    uintptr_t address = (uintptr_t)p;
    size_t i = (address >> 4) * 0x9e3779b97f4a7c15u >> 42;
    while (table[i].address && table[i].address != address)
        i = (i + 1) % TABLE;
    return &table[i];
}

static void set_number(const void *p, uint64_t number)
{
    struct place *place = find(p);
    entered += place->address == 0;
    place->address = (uintptr_t)p;
    place->number = number;
}

static void record_alloc(const void *p, size_t size, size_t alignment)
{
    if (!p || !recording())
        return;
    set_number(p, ++last_number);
    if (alignment <= 16) {
        put_operation(TRACE_ALLOC, size);
    } else {
        put_operation(TRACE_ALIGNED, size);
        put((uint64_t)__builtin_ctzll(alignment));
    }
}

/* Forgets an object and returns its number. */
static uint64_t forget(const void *p)
{
    if (!p || !recording())
        return 0;
    struct place *place = find(p);
    uint64_t number = place->number;
    place->number = 0;
    return number;
}

static void begin(void)
{
    int saved_errno = errno;
    pthread_mutex_lock(&lock);
    errno = saved_errno;
}

static void end(void)
{
    int saved_errno = errno;
    pthread_mutex_unlock(&lock);
    errno = saved_errno;
}

EXPORT void *malloc(size_t size)
{
    begin();
    void *p = __libc_malloc(size);
    record_alloc(p, size, 0);
    end();
    return p;
}

EXPORT void *calloc(size_t count, size_t size)
{
    begin();
    void *p = __libc_calloc(count, size);
    record_alloc(p, count * size, 0);
    end();
    return p;
}

EXPORT void *realloc(void *old, size_t size)
{
    begin();
    void *p = __libc_realloc(old, size);
    uint64_t number = p || size == 0 ? forget(old) : 0;
    if (number && p) {
        set_number(p, number);
        put_operation(TRACE_REALLOC, last_number - number);
        put(size);
    } else if (number) {
        put_operation(TRACE_FREE, last_number - number);
    } else {
        record_alloc(p, size, 0);
    }
    end();
    return p;
}

EXPORT void free(void *p)
{
    begin();
    uint64_t number = forget(p);
    if (number)
        put_operation(TRACE_FREE, last_number - number);
    __libc_free(p);
    end();
}

EXPORT void *memalign(size_t alignment, size_t size)
{
    begin();
    void *p = __libc_memalign(alignment, size);
    record_alloc(p, size, alignment);
    end();
    return p;
}

EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

EXPORT int posix_memalign(void **result, size_t alignment, size_t size)
{
    int saved_errno = errno;
    void *p = memalign(alignment, size);
    errno = saved_errno;
    if (!p)
        return ENOMEM;
    *result = p;
    return 0;
}

/* A child of fork would write its own operations among its parent's. */
static void child_of_fork(void)
{
    file = -1;
    pthread_mutex_init(&lock, NULL);
}

static void before_fork(void)
{
    pthread_mutex_lock(&lock);
}

static void parent_of_fork(void)
{
    pthread_mutex_unlock(&lock);
}

__attribute__((constructor)) static void start(void)
{
    const char *path = getenv("GCALLOC_TRACE"), *most = getenv("GCALLOC_TRACE_MOST");
    int opened = path ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666) : -1;
    void *memory = opened < 0 ? MAP_FAILED
                              : mmap(NULL, TABLE * sizeof *table, PROT_READ | PROT_WRITE,
                                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return;
    pthread_atfork(before_fork, parent_of_fork, child_of_fork);
    begin();
    operations_left = most ? strtoull(most, NULL, 10) : 400000;
    table = memory;
    file = opened;
    end();
}

__attribute__((destructor)) static void finish(void)
{
    begin();
    stop();
    end();
}
