/* The frames of a leak check are smaller than the gap, so they never lie on the remains of
 * what has run below it. */
#include "deeply.h"

#include <alloca.h>
#include <string.h>

enum { GAP = 32 << 10 };

static NOINLINE void run_below_gap(void (*work)(void))
{
    void *volatile gap = alloca(GAP);
    work();
    explicit_bzero(gap, GAP);
}

static NOINLINE void overwrite_stack(void)
{
    void *volatile rest = alloca(4 * GAP);
    explicit_bzero(rest, 4 * GAP);
}

static NOINLINE void overwrite_registers(long a, long b, long c, long d, long e, long f)
{
    __asm__ volatile("" ::"r"(a), "r"(b), "r"(c), "r"(d), "r"(e), "r"(f));
}

NOINLINE void deeply(void (*work)(void))
{
    run_below_gap(work);
    overwrite_stack();
    overwrite_registers(0, 0, 0, 0, 0, 0);
}
