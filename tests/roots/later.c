/* A library that tests load while they run.  Its thread-local variables are more than the loader finds
 * room for beside those of the program, and others enough for young collections to ask which were
 * written. */
#include "library.h"

enum { WORDS = 64, MUCH = 16384 };

static void *in_data[WORDS] = {&in_data};
static void *in_bss[MUCH];
static __thread void *in_thread_data[WORDS] = {&in_data};
static __thread void *in_thread_bss[MUCH];

struct library_places later_places(void)
{
    return (struct library_places){in_data, in_bss + MUCH / 2, in_thread_data,
                                   in_thread_bss + MUCH - WORDS};
}
