// The C++ tests: what <gcalloc/gcalloc.hpp> has.
#include <cstdlib>

#include "cplusplus.hh"

int main()
{
    Suite *suite = suite_create("cplusplus");
    for (TCase *tc :
         {containers_case(), objects_case(), making_case(), references_case()}) {
        tcase_set_timeout(tc, 300); // against hanging only
        suite_add_tcase(suite, tc);
    }
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_FORK); // a heap of its own for each test
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
