/* The place in glibc on x86-64: the first block lies in the thread's control block,
 * followed by pointers to all of them, of which the first leads back.  So the place is
 * found by a value that is put there, and that pointer confirms it. */
#include "base/specific.h"

#include <pthread.h>

#include "base/debugger.h"
#include "base/registers.h"

enum {
    KEYS_PER_BLOCK = 32,
    CONTROL_BYTES = 0x800, /* bytes that are searched; every glibc's block is larger */
};

struct entry {
    uintptr_t sequence;
    void *value;
};

_Static_assert(sizeof(struct entry) * KEYS_PER_BLOCK == SPECIFIC_BLOCK_BYTES,
               "a block of entries");

/* The bytes from the thread pointer to the pointers to the blocks, or 0 if they are not
 * known.  Atomic; constant once the world may stop. */
static uintptr_t blocks_at PRIVATE_DATA;

DEBUGGER_TABLE = {DEBUGGER_VARIABLE("specific.blocks_at", blocks_at)};

static uintptr_t first_block(uintptr_t pointer, pthread_key_t key, const void *value)
{
    size_t entry = key * sizeof(struct entry) + offsetof(struct entry, value);
    for (size_t at = entry; at < CONTROL_BYTES; at += sizeof(void *)) {
        uintptr_t block = pointer + at - entry;
        const uintptr_t *blocks = (const uintptr_t *)(block + SPECIFIC_BLOCK_BYTES);
        if (*(void *const *)(pointer + at) == value && blocks[0] == block)
            return block;
    }
    return 0;
}

void specific_learn(void)
{
#if defined __GLIBC__ && defined __x86_64__
    pthread_key_t key;
    if (blocks_at || pthread_key_create(&key, NULL) != 0)
        return;
    uintptr_t pointer = thread_pointer(), block = 0;
    if (key < KEYS_PER_BLOCK && pthread_setspecific(key, &key) == 0) {
        block = first_block(pointer, key, &key);
        pthread_setspecific(key, NULL);
    }
    pthread_key_delete(key);
    if (block)
        __atomic_store_n(&blocks_at, block + SPECIFIC_BLOCK_BYTES - pointer,
                         __ATOMIC_RELAXED);
#else
    (void)first_block;
#endif
}

/* The place is learned before the program has taken the keys whose values lie in a
 * thread's control block. */
__attribute__((constructor)) static void start(void)
{
    specific_learn();
}

bool specific_is_known(void)
{
    return __atomic_load_n(&blocks_at, __ATOMIC_RELAXED) != 0;
}

const void *specific_block(uintptr_t pointer, size_t i)
{
    return ((void **)(pointer + blocks_at))[i];
}
