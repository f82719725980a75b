/* The tests of queues, maps, locks and events that processes share. */
#include <stdlib.h>

#include "ipc.h"

static TCase *(*const cases[])(void) = {
    queue_case, map_case, rwlock_case, event_case, steps_case, storms_case,
};

int main(void)
{
    Suite *suite = suite_create("ipc");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        TCase *tc = cases[i]();
        tcase_set_timeout(tc, 300); /* against hanging only */
        suite_add_tcase(suite, tc);
    }
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_FORK); /* a region of its own for each test */
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
