/* A library that the threads load.  Its thread-local words are TLS_WORDS, of the dynamic
 * model. */
#include "library.h"

static void *in_data[2];
static __thread void *in_tls[TLS_WORDS];

void **library_data(void)
{
    return &in_data[1];
}

void **library_tls(void)
{
    return &in_tls[TLS_WORDS - 1];
}
