/* A library that the root tests are linked with. */
#include "library.h"

#define INITIAL_EXEC __attribute__((tls_model("initial-exec")))

enum { WORDS = 64 };

static void *in_data[WORDS] = {&in_data};
static void *in_bss[WORDS];
static __thread void *in_thread_data[WORDS] INITIAL_EXEC = {&in_data};
static __thread void *in_thread_bss[WORDS] INITIAL_EXEC;

struct library_places linked_places(void)
{
    return (struct library_places){in_data, in_bss, in_thread_data, in_thread_bss};
}
