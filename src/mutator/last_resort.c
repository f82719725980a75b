/* The program's handler for the end of memory. */
#include "mutator/last_resort.h"

#include <errno.h>
#include <gcalloc/gcalloc.h>

#include "base/critical.h"
#include "heap/count.h"
#include "heap/heap.h"

struct last_resort {
    void *(*handler)(size_t size, void *data);
    void *data;
};

static struct last_resort last_resort PRIVATE_DATA; /* under the lock */
static struct lock last_resort_lock PRIVATE_DATA;

static struct last_resort find_last_resort(void)
{
    critical_take(&last_resort_lock, RANK_MEMORY);
    struct last_resort found = last_resort;
    critical_release(&last_resort_lock, RANK_MEMORY);
    return found;
}

void *last_resort_alloc(size_t size)
{
    void *object = NULL;
    struct last_resort r = find_last_resort();
    count_add(&process_heap.numbers->counters.out_of_memory, 1);
    if (r.handler)
        object = r.handler(size, r.data);
    if (!object)
        errno = ENOMEM;
    return object;
}

void gc_oom_handler_set(void *(*handler)(size_t size, void *data), void *data)
{
    critical_take(&last_resort_lock, RANK_MEMORY);
    last_resort = (struct last_resort){handler, data};
    critical_release(&last_resort_lock, RANK_MEMORY);
}
