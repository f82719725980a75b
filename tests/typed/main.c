/* The tests of typed objects: layouts, and what is counted by them. */
#include "typed.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "../suite.h"

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
    static TCase *(*const cases[])(void) = {layouts_case, refused_case, together_case,
                                            walks_case, slabs_case};
    return run_cases("typed", cases, sizeof cases / sizeof cases[0], 300);
}
