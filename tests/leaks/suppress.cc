/* Leaks of C++'s for suppressions, each of a function of its own. */
#include <cstdlib>
#include <cstring>

extern "C" {
#include "deeply.h"
}

static void *volatile kept, *volatile inside;

namespace outer {
struct node {
    node *next;
    char text[40];
};

template <class T> NOINLINE void lose_new()
{
    kept = new T;
    kept = nullptr;
}

struct maker {
    NOINLINE static void lose_array(unsigned n)
    {
        kept = new long[n];
        kept = nullptr;
    }
    NOINLINE void operator*=(size_t n)
    {
        kept = malloc(n);
        kept = nullptr;
    }
};

NOINLINE static node *make_tail()
{
    node *volatile n = new node();
    return n;
}

NOINLINE static void lose_list()
{
    node *n = static_cast<node *>(calloc(1, sizeof(node)));
    n->next = make_tail();
    kept = n;
    kept = nullptr;
}

NOINLINE static void keep_inside()
{
    inside = static_cast<char *>(malloc(200)) + 8;
}
} // namespace outer

static void lose()
{
    outer::maker m;
    outer::lose_new<int>();
    outer::maker::lose_array(10);
    m *= 70;
    outer::lose_list();
    outer::keep_inside();
}

NOINLINE void deeply(void (*work)(void))
{
    work();
    char volatile stack[20000];
    for (size_t i = 0; i < sizeof stack; i++)
        stack[i] = 0;
}

int main()
{
    deeply(lose);
    return 0;
}
