/* Memory to run on, of every origin. */
#include "stacks.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "place.h"

static char *map_between_guards(void)
{
    enum { GUARD = 64 << 10 };
    char *low = mmap(NULL, STACK_BYTES + 2 * GUARD, PROT_NONE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(low, MAP_FAILED);
    ck_assert_int_eq(mprotect(low + GUARD, STACK_BYTES, PROT_READ | PROT_WRITE), 0);
    return low + GUARD;
}

void *stack_create(enum stack_origin origin)
{
    static char in_bss[STACK_BYTES] __attribute__((aligned(16)));
    switch (origin) {
    case STACK_MAPPED:
        return map_between_guards();
    case STACK_OF_MALLOC:
        return malloc(STACK_BYTES);
    case STACK_IN_HEAP:
        return gc_alloc(STACK_BYTES);
    default:
        return in_bss;
    }
}
