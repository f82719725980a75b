/* The tests of typed objects: layouts, and what is counted by them. */
#include "typed.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

void *kept[KEPT];

void in_way(int way)
{
    static const char *const options[WAYS][2] = {
        {NULL, NULL}, {"verify", "1"}, {"markers", "1"}, {"stress", "3"}};
    if (options[way][0])
        ck_assert_int_eq(gc_option_set(options[way][0], options[way][1]), 0);
}

static void nothing(void *argument)
{
    (void)argument;
}

void collect_deeply(void)
{
    deeply(nothing, NULL);
    collect(1);
}

static int log_file = -1;

void log_begin(void)
{
    char name[] = "/tmp/typedXXXXXX";
    log_file = mkstemp(name);
    ck_assert_int_ge(log_file, 0);
    ck_assert_int_eq(gc_option_set("log_file", name), 0);
    unlink(name);
}

const char *log_lines(void)
{
    static char text[4096];
    ssize_t length = read(log_file, text, sizeof text - 1);
    ck_assert_int_ge(length, 0);
    text[length] = '\0';
    return text;
}

int main(void)
{
    Suite *suite = suite_create("typed");
    TCase *(*const cases[])(void) = {layouts_case, together_case, walks_case, slabs_case};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        TCase *tc = cases[i]();
        tcase_set_timeout(tc, 300); /* against hanging only */
        suite_add_tcase(suite, tc);
    }
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_FORK); /* a heap of its own for each test */
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
