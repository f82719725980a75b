#include "roots/tls.h"

#include <limits.h>
#include <pthread.h>

#include "base/bits.h"

/* Part of the library's own data, hence no root but when it is named as one. */
static void *values[PTHREAD_KEYS_MAX] PRIVATE_DATA;

void tls_values_snapshot(struct range_list *l)
{
    size_t count = 0;
    for (pthread_key_t key = 0; key < PTHREAD_KEYS_MAX; key++) {
        void *value = pthread_getspecific(key);
        if (value)
            values[count++] = value;
    }
    range_list_add(l, (uintptr_t)values, (uintptr_t)(values + count));
}
