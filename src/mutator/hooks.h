/* What the report layer, which stands above the core, does for it.  A constructor of its own fills
 * these in, before those of programs run; until then there is what is said here in brief. */
#ifndef GCALLOC_MUTATOR_HOOKS_H
#define GCALLOC_MUTATOR_HOOKS_H

#include "base/bits.h"
#include "heap/lookup.h"

struct fault;

struct report_hooks {
    /* Says what is wrong with a pointer that is not the start of a living object, with which the
     * program has called this function, and aborts if option on_bad_free says so.  In no critical
     * section. */
    void (*bad_pointer)(const char *function, const void *address);
    /* Says what is wrong with an object, and aborts as above.  In no critical section. */
    void (*fault)(const struct fault *f);
    /* There is a heap, whose options are known.  In no critical section, and no handler of the program's runs. */
    void (*started)(void);
    /* The program ends, and there has been a heap. */
    void (*at_exit)(void);
    /* The log has a line on an object that was allocated by this recorded call stack, which is not 0; it follows
     * there.  In no critical section, no lock is held. */
    void (*log_allocated_by)(uint32_t stack);
};

SHARED_DATA struct report_hooks report_hooks;

/* What the program calls the functions that it may call with such pointers. */
struct call_names {
    const char *free, *realloc;
};

SHARED_DATA struct call_names call_names;

/* Families of functions: what one has allocated, another of its family frees. */
enum family { FAMILY_MALLOC, FAMILY_NEW, FAMILY_NEW_ARRAY };

/* That of the function by which the program has called the heap, where it is not malloc's. */
SHARED_DATA __thread uint8_t call_family __attribute__((tls_model("initial-exec")));

/* What the program has called to free an object. */
const char *call_name_of_free(void);

/* What is registered for objects of noted blocks (block_note) learns what becomes of them.  The
 * first registration fills these in. */
struct object_hooks {
    /* The program is about to free the object, which is its own. */
    void (*freed)(const struct cell *o);
    /* gc_realloc has given it a new address: `to` is the start of a living object, `from` is about
     * to be freed. */
    void (*moved)(const struct cell *from, void *to);
    /* gc_realloc is about to give back what lies behind the first `size` bytes of it. */
    void (*shrinks)(const struct cell *o, size_t size);
    /* The program ends; reports come later. */
    void (*at_exit)(void);
};

SHARED_DATA struct object_hooks object_hooks;

/* In no critical section. */
INLINE bool object_is_noted(const struct heap *h, const struct cell *o)
{
    return UNLIKELY(block_has(h, unit_head(h, unit_of(h, o->address)), BLOCK_NOTED));
}

/* The priority of a constructor that fills them in: the first that a library may have. */
#define BEFORE_PROGRAMS 101

#endif
