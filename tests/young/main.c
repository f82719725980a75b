/* The tests of young collections: what is written to old objects is seen, however it is written, and what is
 * new and dead goes; and of collections beside the program. */
#include "young.h"

#include <stdlib.h>

#include "../api/sanitizer.h"
#include "../suite.h"

void go_young(const char *bytes, bool verified)
{
    ck_assert_int_eq(gc_option_set("generations", "always"), 0);
    ck_assert_int_eq(gc_option_set("young", bytes), 0);
    /* The naive marker goes through all that ThreadSanitizer has of its own, word by word. */
    ck_assert_int_eq(gc_option_set("verify", verified && !UNDER_TSAN ? "1" : "0"), 0);
}

void collect_young(unsigned times)
{
    while (times-- > 0)
        gc_collect_young();
}

uint64_t young_collections(void)
{
    struct gc_stats s = {.size = sizeof s};
    gc_stats_get(&s);
    return s.young_collections;
}

int main(void)
{
    static TCase *(*const cases[])(void) = {barrier_case, writing_case, lives_case,
                                            process_case, storm_case,   beside_case,
                                            midst_case,   later_case,   unwritten_case};
    return run_cases("young", cases, sizeof cases / sizeof cases[0], 300);
}
