#include "support.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/os.h"
#include "heap/arena.h"
#include "heap/wide.h"

struct unit_run no_unit_run;

uint32_t roll(uint32_t sides)
{
    static uint64_t state = 88172645463325252;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)((state >> 32) * sides >> 32);
}

void *zeroed(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    ck_assert_ptr_nonnull(memory);
    return memory;
}

void shuffle(uint32_t *numbers, uint32_t count)
{
    for (uint32_t i = count; i > 1; i--) {
        uint32_t j = roll(i), last = numbers[i - 1];
        numbers[i - 1] = numbers[j];
        numbers[j] = last;
    }
}

static int captured_fd = -1;

void log_capture(void)
{
    char path[] = "/tmp/gcalloc-unit-XXXXXX";
    captured_fd = mkstemp(path);
    ck_assert_int_ge(captured_fd, 0);
    ck_assert(log_open(path));
    unlink(path);
}

const char *logged(void)
{
    static char text[1 << 16];
    ssize_t length = read(captured_fd, text, sizeof text - 1);
    ck_assert_int_ge(length, 0);
    text[length] = '\0';
    return text;
}

void expect_abort(void (*body)(void *), void *argument, const char *message)
{
    log_capture();
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        body(argument);
        _exit(EXIT_SUCCESS);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    const char *text = logged();
    ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT,
                  "no abort, but wait status %#x", (unsigned)status);
    ck_assert_msg(strstr(text, message) != NULL, "logged: %s", text);
}

struct caught {
    const struct damage *damage;
    void (*start)(void), (*check)(void);
};

static void damage_and_check(void *argument)
{
    const struct caught *c = argument;
    c->start();
    c->damage->damage();
    c->check();
}

void expect_caught(const struct damage *d, void (*start)(void), void (*check)(void))
{
    char message[200];
    struct caught c = {d, start, check};
    snprintf(message, sizeof message, "broken invariant: %s", d->condition);
    expect_abort(damage_and_check, &c, message);
}

size_t address_space(void)
{
    char text[64] = {0};
    int fd = open("/proc/self/statm", O_RDONLY);
    ck_assert_int_gt(read(fd, text, sizeof text - 1), 0);
    close(fd);
    return strtoul(text, NULL, 10) * os_page_bytes();
}

void check_address_space(size_t before)
{
    int error = errno;
    ck_assert(breaks_apart() || address_space() == before);
    errno = error;
}

size_t resident_pages(const void *start, size_t bytes)
{
    size_t pages = 0, page = os_page_bytes();
    for (size_t at = 0; at < bytes; at += page) {
        unsigned char resident;
        ck_assert_int_eq(mincore((char *)(uintptr_t)start + at, 1, &resident), 0);
        pages += resident & 1;
    }
    return pages;
}

const struct os_space *tested_space(void)
{
    const char *name = getenv("UNIT_OS");
    return name && strcmp(name, "sbrk") == 0 ? &os_sbrk : &os_mmap;
}

bool breaks_apart(void)
{
    return tested_space() == &os_sbrk;
}

bool make_heap(struct heap *h, size_t reserve, bool end_pointers)
{
    struct heap_config config = {.space = tested_space(),
                                 .reserve = reserve,
                                 .end_pointers = end_pointers};
    return heap_create(h, &config);
}

bool make_arena(struct heap *h, size_t reserve)
{
    h->space = tested_space();
    h->huge_from = SIZE_MAX;
    return arena_create(h, reserve);
}

void fixture_create(struct fixture *f)
{
    ck_assert(make_heap(&f->heap, MIB(256), false));
    f->cache = cache_create(&f->heap);
    ck_assert_ptr_nonnull(f->cache);
    f->other = NULL;
}

void fixture_destroy(struct fixture *f)
{
    if (f->other)
        cache_destroy(f->other);
    cache_destroy(f->cache);
    heap_check(&f->heap, NULL);
    heap_destroy(&f->heap);
}

void fixture_check(struct fixture *f)
{
    uint32_t held = cache_check(f->cache) + (f->other ? cache_check(f->other) : 0);
    heap_check_held(&f->heap, held, 0);
}

static void *alloc_slot(struct cache *c, unsigned bin)
{
    struct bin *b = &c->bins[bin];
    if (b->count == 0 && b->cur == b->end && !cache_advance(c, bin) &&
        !cache_refill(c, bin))
        return NULL;
    if (b->count) {
        struct slot s = b->magazine[--b->count];
        if (!(bin_kind(bin) & KIND_ATOMIC))
            memset(s.object, 0, b->size);
        ENSURE(*s.state == STATE_RESERVED);
        *s.state = STATE_NEW;
        return s.object;
    }
    uint8_t *state = b->cur++;
    ENSURE(*state == STATE_RESERVED);
    *state = STATE_NEW;
    return bin_object(b, state);
}

static void *alloc_wide(struct fixture *f, enum kind kind, unsigned class)
{
    bool clean;
    void *object =
        wide_alloc(&f->heap, bin_of(kind, class), word_shard(f->cache->shard), &clean);
    if (object && !clean && !(kind & KIND_ATOMIC))
        memset(object, 0, geometries[class].size);
    return object;
}

static void *alloc_large(struct heap *h, enum kind kind, size_t size)
{
    uint32_t head = block_create_large(h, kind, size, GRANULE);
    if (!head)
        return NULL;
    block_clear_large(h, head, 0);
    block_at(h, head)->free_count = 0;
    *block_states(h, head) = STATE_NEW;
    return (void *)unit_address(h, head);
}

void *fixture_alloc(struct fixture *f, enum kind kind, size_t size)
{
    unsigned class = sizeclass_for(size, f->heap.numbers->end_pointers);
    unsigned wide = sizeclass_wide(size, GRANULE);
    void *object = wide ? alloc_wide(f, kind, wide) : NULL;
    if (class == CLASS_LARGE)
        return object ? object : alloc_large(&f->heap, kind, size);
    return alloc_slot(f->cache, bin_of(kind, class));
}

void fixture_free(struct fixture *f, void *object)
{
    struct cell o = object_of(f, object);
    ENSURE(o.state && *o.state >= STATE_NEW);
    ENSURE(o.address == (uintptr_t)object);
    if (word_class(o.word) > CLASS_MEDIUM_LAST) {
        uint32_t head = unit_head(&f->heap, unit_of(&f->heap, o.address));
        struct lock *lock = block_lock(&f->heap, head);
        *o.state = STATE_FREE;
        block_free_slots(&f->heap, head, 1);
        lock_release(lock, RANK_BIN);
        return;
    }
    cache_free(f->cache, o.word, object, o.state);
}

struct cell object_of(const struct fixture *f, const void *object)
{
    return lookup_cell(&f->heap, (uintptr_t)object);
}

uint8_t *state_of(const struct fixture *f, const void *object)
{
    return object_of(f, object).state;
}

unsigned refuse_each_call(bool (*attempt)(void *), void *argument, bool onwards)
{
    for (unsigned nth = 1;; nth++) {
        unsigned long before = os_calls();
        os_fail(nth, onwards);
        errno = 0;
        bool done = attempt(argument);
        int error = errno;
        os_fail(0, false);
        if (os_calls() - before < nth) {
            ck_assert(done);
            return nth;
        }
        if (!done)
            ck_assert_int_eq(error, ENOMEM);
    }
}

bool all_bytes_are(const void *memory, size_t bytes, uint8_t value)
{
    const uint8_t *p = memory;
    return bytes == 0 || (p[0] == value && memcmp(p, p + 1, bytes - 1) == 0);
}

void fill_pages(uintptr_t low, uintptr_t high, uint64_t value)
{
    for (uintptr_t p = low; p < high; p += OS_PAGE)
        *(uint64_t *)p = value;
}

bool pages_hold(uintptr_t low, uintptr_t high, uint64_t value)
{
    for (uintptr_t p = low; p < high; p += OS_PAGE)
        if (*(uint64_t *)p != value)
            return false;
    return true;
}
