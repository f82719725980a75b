/* Copies of strings. */
#include <errno.h>
#include <gcalloc/gcalloc.h>
#include <string.h>

#include "base/bits.h"

static char *copy_string(const char *string, size_t length)
{
    char *copy = gc_alloc_atomic(length + 1);
    if (!copy)
        return NULL;
    memcpy(copy, string, length);
    copy[length] = '\0';
    return copy;
}

char *gc_strdup(const char *string)
{
    return string ? copy_string(string, strlen(string)) : (errno = EINVAL, NULL);
}

char *gc_strndup(const char *string, size_t n)
{
    if (!string)
        return errno = EINVAL, NULL;
    /* No string is longer than PTRDIFF_MAX, and compilers warn of more. */
    return copy_string(string, strnlen(string, min_size(n, PTRDIFF_MAX)));
}
