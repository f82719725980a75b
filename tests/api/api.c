/* The tests of every public function.  Each test runs in a process of its own (Check
 * forks), so that each has a heap that nobody has used. */
#include "api.h"

int main(void)
{
    SRunner *runner = srunner_create(allocate_suite());
    srunner_add_suite(runner, aligned_suite());
    srunner_add_suite(runner, zero_suite());
    srunner_add_suite(runner, object_suite());
    srunner_add_suite(runner, resize_suite());
    srunner_add_suite(runner, free_suite());
    srunner_add_suite(runner, collect_suite());
    srunner_add_suite(runner, roots_suite());
    srunner_add_suite(runner, option_suite());
    srunner_add_suite(runner, stats_suite());
    srunner_add_suite(runner, memory_suite());
    srunner_add_suite(runner, process_suite());
    srunner_add_suite(runner, pace_suite());
    srunner_add_suite(runner, idle_suite());
    srunner_add_suite(runner, compact_suite());
    srunner_add_suite(runner, nothing_suite());
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
