/* One object that is lost: no register or stack keeps its address. */
#ifndef TESTS_LEAKS_LOSE_H
#define TESTS_LEAKS_LOSE_H

#include <stdlib.h>
#include <string.h>

static __attribute__((noinline)) void lose(void)
{
    void *volatile object = malloc(77);
    object = NULL;
}

static __attribute__((noinline)) void overwrite(void)
{
    char stack[3000];
    memset(stack, 0, sizeof stack);
    __asm__ volatile("" : : "r"(stack) : "memory");
}

#endif
