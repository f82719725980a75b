/* The noted blocks, in a hash table of thread pointers, with open addressing and at most
 * half full.  A block may be unmapped at any time, and something else be mapped there, so
 * that it is read by the kernel, into a table of the library's own, and what is found
 * there need not be a vector. */
#include "world/control.h"

#include <errno.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/check.h"
#include "base/lock.h"
#include "base/meta.h"

enum {
    TABLE_LEAST = 64,
    SLOT_BYTES = 2 * sizeof(uintptr_t) + sizeof(struct bounds),
    ELEMENT_BYTES = 2 * sizeof(uintptr_t),
};

/* The world lock guards all of it. */
static struct {
    uintptr_t *blocks;     /* 0: the slot is empty */
    uintptr_t *vectors;    /* where the vector of the same slot's block begins */
    struct bounds *stacks; /* with the same slot's block; empty if it is the program's */
    size_t slots;          /* a power of two */
    size_t count;
} control PRIVATE_DATA;

/* Where glibc keeps the vector in a block, in words, and whether the block's first word is its own
 * address.  Other C libraries allocate the vector as a part of the block. */
#if defined __GLIBC__ && defined __x86_64__
enum { HAS_VECTOR = true, VECTOR_AT = 1, NAMES_ITSELF = true };
#elif defined __GLIBC__ && defined __aarch64__
enum { HAS_VECTOR = true, VECTOR_AT = 0, NAMES_ITSELF = false };
#else
enum { HAS_VECTOR = false, VECTOR_AT = 0, NAMES_ITSELF = false };
#endif

/* Reads what a block points to.  Returns false if the block is not there any more, or the
 * kernel does not say. */
static bool read_vector(uintptr_t pointer, uintptr_t *vector)
{
    uintptr_t words[VECTOR_AT + 1];
    struct iovec to = {words, sizeof words}, from = {(void *)pointer, sizeof words};
    *vector = 0;
    if (process_vm_readv(gettid(), &to, 1, &from, 1, 0) != (ssize_t)sizeof words ||
        (NAMES_ITSELF && words[0] != pointer))
        return false;
    *vector = words[VECTOR_AT];
    return true;
}

/* Where the block's vector begins: the block points to element 0, and one element with
 * their number lies before it. */
static uintptr_t start_of(uintptr_t pointer)
{
    uintptr_t vector;
    return read_vector(pointer, &vector) && vector ? vector - ELEMENT_BYTES : 0;
}

/* The block's slot, or the empty one that it would have. */
static size_t slot_of(const uintptr_t *blocks, size_t slots, uintptr_t pointer)
{
    size_t at = hash_place(pointer >> 6, slots);
    while (blocks[at] && blocks[at] != pointer)
        at = (at + 1) & (slots - 1);
    return at;
}

static void put(uintptr_t pointer, struct bounds stack)
{
    size_t at = slot_of(control.blocks, control.slots, pointer);
    control.count += !control.blocks[at];
    control.blocks[at] = pointer;
    control.stacks[at] = stack;
}

/* Makes a table for the blocks that are still there, and one more.  The present one stays
 * as it is until there is memory: what is taken out of it would cut off what comes
 * behind.  Returns false if there is no memory. */
static bool rebuild(void)
{
    size_t slots = TABLE_LEAST, left = 1;
    uintptr_t vector;
    for (size_t i = 0; i < control.slots; i++) {
        uintptr_t block = control.blocks[i];
        control.vectors[i] = block && read_vector(block, &vector) ? block : 0;
        left += control.vectors[i] != 0;
    }
    while (slots < 4 * left)
        slots *= 2;
    uintptr_t *blocks = meta_alloc(ACCOUNT_THREADS, slots * SLOT_BYTES);
    uintptr_t *old = control.blocks, *there = control.vectors;
    const struct bounds *stacks = control.stacks;
    size_t old_slots = control.slots;
    if (!blocks)
        return false;
    control.blocks = blocks;
    control.vectors = blocks + slots;
    control.stacks = (struct bounds *)(blocks + 2 * slots);
    control.slots = slots;
    control.count = 0;
    for (size_t i = 0; i < old_slots; i++)
        if (there[i])
            put(there[i], stacks[i]);
    if (old)
        meta_free(old, old_slots * SLOT_BYTES);
    return true;
}

void control_note(uintptr_t pointer, struct bounds stack)
{
    lock_check_held(RANK_WORLD);
    if (!HAS_VECTOR)
        return;
    int saved_errno = errno;
    if (2 * (control.count + 1) <= control.slots || rebuild())
        put(pointer, stack);
    errno = saved_errno;
}

const uintptr_t *control_vectors(size_t *count)
{
    lock_check_held(RANK_WORLD);
    int saved_errno = errno;
    for (size_t i = 0; i < control.slots; i++) {
        control.vectors[i] = 0;
        if (control.blocks[i])
            control.vectors[i] = start_of(control.blocks[i]);
    }
    errno = saved_errno;
    *count = control.slots;
    return control.vectors;
}

void control_each_stack(void (*visit)(void *argument, uintptr_t low, uintptr_t high),
                        void *argument)
{
    uintptr_t vector;
    lock_check_held(RANK_WORLD);
    int saved_errno = errno;
    for (size_t i = 0; i < control.slots; i++)
        if (control.blocks[i] && control.stacks[i].high &&
            read_vector(control.blocks[i], &vector))
            visit(argument, control.stacks[i].low, control.stacks[i].high);
    errno = saved_errno;
}

void control_check(void)
{
    size_t count = 0;
    lock_check_held(RANK_WORLD);
    for (size_t i = 0; i < control.slots; i++) {
        CHECK(!control.blocks[i] ||
              slot_of(control.blocks, control.slots, control.blocks[i]) == i);
        count += control.blocks[i] != 0;
    }
    CHECK(count == control.count && 2 * count <= control.slots);
}
