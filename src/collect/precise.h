/* The words of typed objects, as their layouts name them.  What becomes of the words is
 * for whoever asks: nothing is marked here.
 *
 * These functions are for the time of a pause, in which objects hold still. */
#ifndef GCALLOC_COLLECT_PRECISE_H
#define GCALLOC_COLLECT_PRECISE_H

#include "heap/layout.h"

/* The receiver of the words that the running trace function names. */
struct tracer {
    void (*word)(struct tracer *t, uintptr_t word);
    /* The range is aligned, and low < high. */
    void (*range)(struct tracer *t, uintptr_t low, uintptr_t high);
};

/* The tracer of the calling thread, or NULL while no trace function is running. */
SHARED_DATA __thread struct tracer *tracing __attribute__((tls_model("initial-exec")));

/* Has the layout, which is LAYOUT_TRACED, name the object's words to `t`. */
void precise_trace(const struct heap *h, const struct layout *l, uintptr_t address,
                   size_t size, struct tracer *t);

/* Whether the calling thread runs a trace function, which may use the heap as little as a root callback;
 * the first time it is said in the log. */
bool precise_refuses(void);

/* Copies the object's words of number `from` and on, counting those that the layout
 * names, `most` at most.  Returns how many it copied.  The layout is not LAYOUT_TRACED,
 * and the object can be read. */
size_t precise_words(const struct layout *l, uintptr_t address, size_t size, size_t from,
                     uintptr_t *words, size_t most);

/* Where the word of that number lies, which the layout must name. */
uintptr_t precise_place(const struct layout *l, uintptr_t address, size_t number);

#endif
