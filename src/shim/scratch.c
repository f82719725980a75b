/* A chunk is filled from its low end, and is empty again when nothing in it is alive: what stays for longer, as of a
 * library that is loaded, keeps its chunk and no other.  The unused part of each reads as zero. */
#include "shim/scratch.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/bits.h"
#include "base/os.h"
#include "report/out.h"
#include "shim/reserve.h"

enum {
    CHUNK_BYTES = 512 << 10,
    GIVEN_BACK = 64 << 10, /* what is less is zeroed in place */
};

struct chunk {
    struct chunk *next;
    size_t bytes, used; /* with this */
    size_t live;        /* objects.  Atomic */
};

/* All of them, in no order; the first is being filled. */
static struct chunk *chunks PRIVATE_DATA;

/* A handler that interrupts the thread here is served by the reserve; so is the child of a fork, if another thread was
 * here. */
static bool busy PRIVATE_DATA;

static struct chunk **owner(void *object)
{
    return (struct chunk **)object - 1;
}

static bool fits(const struct chunk *c, size_t alignment, size_t size)
{
    uintptr_t object = align_up((uintptr_t)c + c->used + RESERVE_HEADER, alignment);
    size_t before = object - (uintptr_t)c;
    return before <= c->bytes && size <= c->bytes - before;
}

/* Nothing in it is alive: what was used is to read as zero again. */
static void clear(struct chunk *c)
{
    char *low = (char *)(c + 1), *high = (char *)c + c->used;
    size_t page = os_page_bytes();
    uintptr_t from = align_up((uintptr_t)low, page),
              to = align_down((uintptr_t)high, page);
    if (from < to && to - from >= GIVEN_BACK && os_decommit((void *)from, to - from)) {
        memset(low, 0, (size_t)((char *)from - low));
        memset((void *)to, 0, (size_t)(high - (char *)to));
    } else {
        memset(low, 0, (size_t)(high - low));
    }
    c->used = sizeof *c;
}

static bool is_empty(const struct chunk *c)
{
    return __atomic_load_n(&c->live, __ATOMIC_ACQUIRE) == 0;
}

/* Puts an empty chunk where the object fits in front; NULL: there is none. */
static struct chunk *take_empty(size_t alignment, size_t size)
{
    for (struct chunk **place = &chunks, *c; (c = *place); place = &c->next) {
        if (!is_empty(c))
            continue;
        clear(c);
        if (!fits(c, alignment, size))
            continue;
        *place = c->next;
        c->next = chunks;
        return chunks = c;
    }
    return NULL;
}

static struct chunk *add(size_t alignment, size_t size)
{
    size_t bytes =
        max_size(size + alignment + sizeof(struct chunk) + RESERVE_HEADER, CHUNK_BYTES);
    struct chunk *c = size < SIZE_MAX / 2 ? reserve_alloc(RESERVE_HEADER, bytes) : NULL;
    if (!c)
        return NULL;
    *c = (struct chunk){.next = chunks, .bytes = bytes, .used = sizeof *c};
    return chunks = c;
}

static void *take(size_t alignment, size_t size)
{
    struct chunk *c = chunks;
    if (!c || !fits(c, alignment, size))
        c = take_empty(alignment, size);
    if (!c)
        c = add(alignment, size);
    if (!c)
        return NULL;
    uintptr_t object = align_up((uintptr_t)c + c->used + RESERVE_HEADER, alignment);
    c->used = align_up(object + max_size(size, 1) - (uintptr_t)c, RESERVE_HEADER);
    __atomic_fetch_add(&c->live, 1, __ATOMIC_RELAXED);
    *owner((void *)object) = c;
    reserve_set_size((void *)object, size);
    return (void *)object;
}

void *scratch_alloc(size_t alignment, size_t size)
{
    int saved_errno = errno;
    void *object = NULL;
    if (!busy) {
        busy = true;
        object = take(alignment, size);
        busy = false;
    }
    errno = saved_errno;
    return object ? object : reserve_alloc(alignment, size);
}

/* Memory goes back at once where it is some, and the thread is the one that allocates. */
bool scratch_free(void *object)
{
    struct chunk *c = *owner(object);
    int saved_errno = errno;
    if (!c)
        return false;
    bool last = __atomic_sub_fetch(&c->live, 1, __ATOMIC_ACQ_REL) == 0;
    if (last && out_is_mine && !busy && c->used > GIVEN_BACK)
        clear(c);
    errno = saved_errno;
    return true;
}
