/* The thread-local variables of the fast paths, of those in the public header too. */
#include "world/self.h"

#include <gcalloc/inline.h>
#include <stddef.h>

#include "heap/cache.h"
#include "heap/sizeclass.h"

__thread struct mutator *thread_self;
__thread unsigned thread_inside;
__thread struct interruptions thread_interruptions;
__thread unsigned thread_shut;
__thread bool thread_past_end;

/* Nothing is ever stored in cache_none. */
#define NO_CACHE ((struct cache *)(uintptr_t)&cache_none)

__thread struct cache *thread_cache = NO_CACHE;

_Static_assert(sizeof(struct gc_inline_bin) == sizeof(struct bin) &&
                   offsetof(struct gc_inline_bin, next) == offsetof(struct bin, cur) &&
                   offsetof(struct gc_inline_bin, end) == offsetof(struct bin, end) &&
                   offsetof(struct gc_inline_bin, origin) ==
                       offsetof(struct bin, origin) &&
                   offsetof(struct gc_inline_bin, count) == offsetof(struct bin, count) &&
                   (int)GC_INLINE_ATOMIC_BINS == KIND_ATOMIC << CLASS_BITS &&
                   (int)GC_INLINE_MAX < (int)PAD_FROM &&
                   (int)GC_INLINE_NEW == (int)STATE_NEW,
               "what the public header says of a cache");

__thread struct gc_inline_thread gc_inline_thread = {
    .bins = (struct gc_inline_bin *)(uintptr_t)&cache_none.bins};

/* Where small requests get a byte more, the inlined code does not know the classes. */
void thread_use_cache(struct cache *c)
{
    struct cache *inlined = c && !c->heap->numbers->end_pointers ? c : NO_CACHE;
    thread_cache = c ? c : NO_CACHE;
    gc_inline_thread.bins = (struct gc_inline_bin *)(void *)inlined->bins;
}
