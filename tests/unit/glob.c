/* Patterns with wildcards. */
#include "report/glob.h"

#include <string.h>

#include "support.h"

static const struct {
    const char *glob, *text; /* in the pattern * and ? are the wildcards */
    bool fits;
} cases[] = {
    {"", "", true},
    {"", "a", false},
    {"a", "", false},
    {"abc", "abc", true},
    {"abc", "abd", false},
    {"abc", "abcd", false},
    {"abcd", "abc", false},
    {"*", "", true},
    {"*", "anything", true},
    {"?", "", false},
    {"?", "a", true},
    {"??", "a", false},
    {"a?c", "abc", true},
    {"a?c", "ac", false},
    {"a*", "a", true},
    {"*a", "ba", true},
    {"*a", "ab", false},
    {"a*c", "abcbc", true},
    {"a*c", "abcb", false},
    {"*b*", "abc", true},
    {"*b*", "acd", false},
    {"*ab*ac", "aabaabac", true},
    {"*ab*ac", "aacaab", false},
    {"a**b", "ab", true},
    {"a*?b", "ab", false},
    {"a*?b", "acb", true},
    {"*?", "", false},
    {"*?", "abc", true},
};

static void compile(const char *glob, char *to)
{
    for (; *glob; glob++)
        *to++ = *glob == '*'   ? (char)GLOB_TEXT
                : *glob == '?' ? (char)GLOB_CHARACTER
                               : *glob;
    *to = '\0';
}

START_TEST(matching)
{
    char glob[32];
    compile(cases[_i].glob, glob);
    ck_assert_msg(glob_matches(glob, cases[_i].text) == cases[_i].fits, "%s and %s",
                  cases[_i].glob, cases[_i].text);
}
END_TEST

/* A search that tried each wildcard with each length would not end. */
START_TEST(many_wildcards)
{
    char glob[64], text[2000];
    compile("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", glob);
    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = '\0';
    ck_assert(!glob_matches(glob, text));
    text[sizeof text - 2] = 'b';
    ck_assert(glob_matches(glob, text));
}
END_TEST

TCase *glob_tests(void)
{
    TCase *tests = tcase_create("glob");
    tcase_add_loop_test(tests, matching, 0, COUNT_OF(cases));
    tcase_add_test(tests, many_wildcards);
    return tests;
}
