/* Check, with assertions that are quick in loops.  Check's own write a message with the place of each assertion
 * that holds, by a system call, which took up to a third of the time of a program of tests.  Here a place is
 * told when a process comes to it for the first time, so that a crash is said to be after the place that was
 * new last. */
#ifndef TESTS_CHECK_CHECK_H
#define TESTS_CHECK_CHECK_H

#include_next <check.h>
#include <stdbool.h>

/* Whether it is the first time, up to those of other threads at the same moment. */
static inline bool check_is_new(bool *known)
{
    return !__atomic_load_n(known, __ATOMIC_RELAXED) &&
           !__atomic_exchange_n(known, true, __ATOMIC_RELAXED);
}

#define check_mark_once()                    \
    ({                                       \
        static bool check_known;             \
        if (check_is_new(&check_known))      \
            _mark_point(__FILE__, __LINE__); \
    })

#undef ck_assert_msg
#define ck_assert_msg(expr, ...)                                                    \
    ((expr) ? (void)check_mark_once()                                               \
            : _ck_assert_failed(__FILE__, __LINE__, "Assertion '" #expr "' failed", \
                                ##__VA_ARGS__))

#endif
