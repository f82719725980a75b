/* gcalloc: a conservative mark-and-sweep garbage-collected heap for C.
 *
 * A program calls gc_alloc instead of malloc and never has to free.  An object lives as
 * long as a pointer to it, or into it, can be found in a register, on the stack, in
 * static or thread-local data, in a registered root or in another living object.
 *
 * Conventions, unless a function says otherwise:
 *   - sizes are in bytes; every object is aligned to 16 bytes at least;
 *   - a function that returns a pointer returns NULL with errno set to ENOMEM when the
 *     memory cannot be had, even after a collection; the heap stays as it was;
 *   - errno is left alone on success;
 *   - NULL where something has to be is an error, EINVAL, or ignored where nothing is returned;
 *   - threads: every function may be called by any thread at any time, and any thread may
 *     free or resize any object.  Threads are found by themselves; two threads that free
 *     one object at the same instant are not told;
 *   - signals: a handler that was set by sigaction or signal may call every function;
 *     gc_collect and gc_leak_check only if they did not interrupt one of the C library's
 *     that holds its locks (malloc, dlopen).
 */
#ifndef GCALLOC_GCALLOC_H
#define GCALLOC_GCALLOC_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GCALLOC_VERSION_MAJOR 0
#define GCALLOC_VERSION_MINOR 1
#define GCALLOC_VERSION_MICRO 0

#define GC_PUBLIC __attribute__((visibility("default")))
#define GC_NEW_OBJECT __attribute__((malloc, warn_unused_result))

/* ---- Allocation ---------------------------------------------------------------- */

/* Prepares the process heap.  Optional: the first allocation does it.  Failure
 * (no address space) is not reported here but by the first allocation. */
GC_PUBLIC void gc_init(void);

/* Returns a new object of `size` bytes, all zero.  The collector looks for pointers
 * inside it, and reclaims it when nothing points to it any more.  Size 0 gives a pointer
 * of its own, with no usable byte promised. */
GC_PUBLIC void *gc_alloc(size_t size) GC_NEW_OBJECT __attribute__((alloc_size(1)));

/* As gc_alloc, for data without pointers (strings, numbers, pixels): the collector never
 * looks inside, which is faster and keeps nothing alive by mistake.  The contents are
 * undefined. */
GC_PUBLIC void *gc_alloc_atomic(size_t size) GC_NEW_OBJECT __attribute__((alloc_size(1)));

/* As gc_alloc, but the object lives until gc_free, and what it points to lives as long:
 * it is a root.  For objects whose pointers the collector cannot see. */
GC_PUBLIC void *gc_alloc_manual(size_t size) GC_NEW_OBJECT __attribute__((alloc_size(1)));

/* As gc_alloc_atomic (contents undefined, no pointers inside), but the object lives
 * until gc_free. */
GC_PUBLIC void *gc_alloc_manual_atomic(size_t size) GC_NEW_OBJECT
    __attribute__((alloc_size(1)));

/* As gc_alloc, with the object's address a multiple of `alignment`, which is a power of
 * two, 1 GiB at most.  errno EINVAL: the alignment is not such a number. */
GC_PUBLIC void *gc_alloc_aligned(size_t alignment, size_t size) GC_NEW_OBJECT
    __attribute__((alloc_align(1), alloc_size(2)));

/* Flags of gc_alloc_with. */
#define GC_ATOMIC 1u  /* no pointers inside: never scanned */
#define GC_MANUAL 2u  /* a root; lives until gc_free */
#define GC_NO_ZERO 4u /* the contents are undefined */

/* The general form: `alignment` as in gc_alloc_aligned (0: the usual 16), `flags` any of
 * GC_ATOMIC, GC_MANUAL and GC_NO_ZERO.  Objects with GC_ATOMIC are zeroed here unless
 * GC_NO_ZERO is given too.  errno EINVAL: bad alignment or unknown flag. */
GC_PUBLIC void *gc_alloc_with(size_t size, size_t alignment, unsigned flags) GC_NEW_OBJECT
    __attribute__((alloc_size(1)));

/* gc_alloc(count * size), with errno ENOMEM when the product overflows. */
GC_PUBLIC void *gc_calloc(size_t count, size_t size) GC_NEW_OBJECT
    __attribute__((alloc_size(1, 2)));

/* Resizes an object and returns its address, which may be new.  The contents are kept up
 * to the smaller of both sizes, and so is the kind (atomic, manual); bytes beyond them are
 * zero in scanned objects, undefined in others.  The new alignment is 16.
 * `object` NULL is gc_alloc(size); size 0 gives an object of size 0.
 * NULL with ENOMEM: no memory; `object` is untouched and still valid.
 * NULL with EINVAL: `object` is not the start of a living object (reported on stderr). */
GC_PUBLIC void *gc_realloc(void *object, size_t size)
    __attribute__((warn_unused_result, alloc_size(2)));

/* Ends the object's life now.  Optional for objects that are not manual.  NULL is
 * ignored.  A pointer that is not the start of a living object is reported on stderr and
 * otherwise ignored: the heap stays sound.  errno is left alone. */
GC_PUBLIC void gc_free(void *object);

/* A copy of the string (of its first `n` bytes at most), as an atomic object.  errno EINVAL: there is
 * no string, but NULL. */
GC_PUBLIC char *gc_strdup(const char *string) GC_NEW_OBJECT;
GC_PUBLIC char *gc_strndup(const char *string, size_t n) GC_NEW_OBJECT;

/* ---- Objects ------------------------------------------------------------------- */

/* How many bytes of the object may be used: its requested size at least.  0 when
 * `object` is not the start of a living object. */
GC_PUBLIC size_t gc_usable_size(const void *object);

/* The start of the living object that `address` points to or into; NULL if there is
 * none.  The address may be any value. */
GC_PUBLIC void *gc_base(const void *address);

/* ---- Roots --------------------------------------------------------------------- */

/* Makes the memory [low, high) a root: every aligned word in it may keep an object
 * alive.  Pages of it that cannot be read hold no pointers.  The same range may
 * be added several times and is then to be removed as often; ranges may overlap.
 * Returns 0, or -1 with errno: EINVAL (high below low), EBUSY (the caller is between
 * gc_blocking_begin and gc_blocking_end), ENOMEM. */
GC_PUBLIC int gc_root_add(void *low, void *high);

/* Removes a root that was added with just these bounds.
 * Returns 0, or -1 with errno: EINVAL (there is no such root), EBUSY (as above). */
GC_PUBLIC int gc_root_remove(void *low, void *high);

/* Has `mark(data)` called at each collection, on the thread that collects, which may be the
 * library's own, to name further roots by gc_mark_range (fibre libraries, say).  The
 * program is stopped meanwhile: `mark` may call nothing else of this library, and should be
 * short.  Calls that allocate, free, collect or register something fail with EBUSY where they
 * can (an allocation returns NULL), do nothing else, and are said once in the log.
 * Returns 0, or -1 with errno: EINVAL (`mark` is NULL), EBUSY (as above), ENOMEM. */
GC_PUBLIC int gc_root_callback_add(void (*mark)(void *data), void *data);

/* Takes back one gc_root_callback_add with these arguments.
 * Returns 0, or -1 with errno: EINVAL (there is no such callback), EBUSY (as above). */
GC_PUBLIC int gc_root_callback_remove(void (*mark)(void *data), void *data);

/* Inside a root callback only (elsewhere it does nothing): every aligned word in
 * [low, high) may keep an object alive, for this collection. */
GC_PUBLIC void gc_mark_range(const void *low, const void *high);

/* ---- Coroutines ------------------------------------------------------------------ */

/* Stacks that the program makes itself, in memory of any kind, and runs on: coroutines,
 * fibres, generators.  A registered stack is a root while it does not run, from where it was
 * left up to its high end.  These functions serve any way of switching (swapcontext, a
 * library's, assembly).  A signal handler may call them, too, though hardly gc_stack_switch:
 * it comes back to the stack that it interrupted. */

/* Makes [low, high) known as a stack, guard pages and all, until gc_stack_unregister.
 * Until it runs for the first time all of it is a root, as what it begins with lies there.
 * A stack that is used for another coroutine is unregistered and registered anew.  That
 * does not keep it alive, if it is an object of this heap: then what lies on it counts while
 * the object is reached, and the registration ends with the object.
 * Returns 0, or -1 with errno: EINVAL (`low` is NULL, high not above low, or a registered
 * stack overlaps), ENOMEM. */
GC_PUBLIC int gc_stack_register(void *low, void *high);

/* From now on the calling thread runs on the registered stack that begins at `low`; NULL:
 * on the thread's own.  To be called just before the program switches, and in the same
 * function, or one that it was called from: the stack that the thread is on is suspended as
 * it is now, its registers included.  Any thread may go on with it later, but no sooner than
 * this one has left it.  The stack that the thread is on already: nothing happens.
 * Returns 0, or -1 with errno: EINVAL (no registered stack begins there), EBUSY (another
 * thread runs on it, or the caller is between gc_blocking_begin and gc_blocking_end),
 * ENOMEM (the thread was not known, and there is no memory to change that). */
GC_PUBLIC int gc_stack_switch(void *low);

/* Forgets the stack: what is on it does not count any more.
 * Returns 0, or -1 with errno: EINVAL (no registered stack begins there), EBUSY (a thread
 * runs on it), ENOMEM (as above). */
GC_PUBLIC int gc_stack_unregister(void *low);

/* ---- Threads --------------------------------------------------------------------- */

/* Threads need none of these: pthread_create makes the new thread known, and what it is
 * given and returns stays alive until it runs and is joined.  Threads made in another way
 * (clone, or by a library that is linked apart) become known at their first allocation. */

/* Makes the calling thread known now, for one that has objects but does not allocate.
 * Returns 0, or -1 with errno ENOMEM.  Again: nothing happens. */
GC_PUBLIC int gc_thread_register(void);

/* Makes it unknown; what it holds does not count any more, and what its cache kept goes
 * back to the heap.  It happens by itself when a thread ends.  A later allocation makes it
 * known again.
 * Returns 0, or -1 with errno EINVAL: it is not known, or in a blocking section. */
GC_PUBLIC int gc_thread_unregister(void);

/* Around a long call that waits or computes without touching the heap: a collection need
 * not interrupt it.  Up to gc_blocking_end the thread may not read or write objects, nor
 * pointers to them; what its frames and registers held at gc_blocking_begin stays alive.
 * Nor may it add or remove roots, or change stacks by gc_stack_switch: these fail with
 * EBUSY.  The calls nest.  A signal handler that runs meanwhile may allocate. */
GC_PUBLIC void gc_blocking_begin(void);
GC_PUBLIC void gc_blocking_end(void);

/* ---- The collector ------------------------------------------------------------- */

/* A full collection, now, even between gc_disable and gc_enable.  Free memory beyond the
 * budget goes back to the system, by whole pages. */
GC_PUBLIC void gc_collect(void);

/* A young collection, now, even between gc_disable and gc_enable: it reclaims, of what has been allocated
 * since the last collection, what cannot be reached, and takes the rest for alive.  What it costs depends on
 * how much that is and on how many pages of older objects were written to since.  It is a full
 * collection where the kernel does not tell of writes, under option generations=never, and the first
 * time; see docs/generations.md.  Memory does not go back to the system.  Where gc_collect_begin or option
 * pause has begun a collection, it ends that one. */
GC_PUBLIC void gc_collect_young(void);

/* Begins a full collection that marks while the program runs, under option pause, and returns at once.  It ends
 * by itself, in some later allocation, when all is marked, or in the next call of gc_collect_young or of
 * gc_collect, which then collects once more.  Until then memory of large objects that are freed by hand does not
 * go back.  It is gc_collect without the option, with one processor, where the kernel does not tell of writes,
 * after gc_disable, and the first time.  If a collection is under way, the call does nothing. */
GC_PUBLIC void gc_collect_begin(void);

/* The write barrier, for programs that run under option tracking=barrier and promise to use it: a pointer to an
 * object of the heap is stored to another by gc_store, or told of by gc_write.  Then young collections, and
 * those that mark beside the program, look again at what was told of, and need nothing of the kernel.  A
 * store that is not told of loses objects.  New objects need it as old ones do, as a collection may come at
 * any time; words outside of the heap do not, nor do pointers that are removed.  Under the other values of the option gc_store stores and gc_write does nothing.
 *
 * gc_store(object, field, value) stores `value` to the word at `field`, which lies in `object`, as a
 * relaxed atomic store.
 * gc_write(object) says that words of the object were written: after the last of them, and while what was
 * stored is still held elsewhere, as by gc_retain_until.  For a large object it costs a byte for
 * each 512; a pointer into an object will do, and one to none does nothing.
 *
 * Any thread, signal handlers included.  docs/generations.md has more. */
GC_PUBLIC void gc_store(void *object, void *field, void *value);
GC_PUBLIC void gc_write(const void *object);

/* Between these two no collection starts by itself: memory grows instead, and an
 * allocation that would need a collection fails.  One that marks beside the program by then ends, though.  The
 * calls nest.  A gc_enable without its gc_disable does nothing, and is said once in the log. */
GC_PUBLIC void gc_disable(void);
GC_PUBLIC void gc_enable(void);

/* When the functions of gc_hook_add are called. */
enum gc_hook {
    GC_BEFORE_COLLECTION, /* one is about to be tried; another thread's may come first and do */
    GC_AFTER_COLLECTION, /* there has been one, and the program goes on */
};

/* Has `function(data)` called around collections, on the thread that collects, possibly inside
 * of an allocation, with no lock of the library held: it may do anything but not return.
 * Collections of the library's own threads call functions for afterwards only, on a thread made
 * for that; a search for leaks calls none.
 * Returns 0, or -1 with errno: EINVAL (`function` is NULL, or no such moment), ENOMEM, EBUSY (in
 * a root callback). */
GC_PUBLIC int gc_hook_add(enum gc_hook when, void (*function)(void *data), void *data);

/* Takes back one gc_hook_add with these arguments.  Another thread may be about to call the
 * function once more.  Returns 0, or -1 with errno: EINVAL (there is no such hook), EBUSY. */
GC_PUBLIC int gc_hook_remove(enum gc_hook when, void (*function)(void *data), void *data);

/* `bytes` more, or less, of memory outside of the heap are held by objects: images, big numbers,
 * buffers of a library, which their finalizers give back.  They count towards the next
 * collection as if they were allocated here, and may bring one about; that they are given back
 * is to be told.  More than was added is not taken off: that is said once in the log, and
 * otherwise ignored.  They do not count towards option heap_limit. */
GC_PUBLIC void gc_external_add(size_t bytes);
GC_PUBLIC void gc_external_sub(size_t bytes);

/* Keeps the object reachable up to this point: it costs no instruction, and nothing else does so
 * for certain where a compiler sees the last use of its address earlier. */
static inline void gc_retain_until(const void *object)
{
    __asm__ volatile("" : : "g"(object) : "memory");
}

/* Has `handler(size, data)` called when an allocation of `size` bytes fails even after a
 * collection; what it returns is returned to the caller of the allocation (NULL: the
 * allocation fails with ENOMEM).  It may free objects and allocate.  NULL: no handler. */
GC_PUBLIC void gc_oom_handler_set(void *(*handler)(size_t size, void *data), void *data);

/* Sets a run-time option, as the environment variable GCALLOC_OPTIONS=key=value:... does
 * (docs/options.md lists them).
 * Returns 0, or -1 with errno: ENOENT (no such option), EINVAL (bad value, or NULL), EBUSY (this
 * option can be set before the first allocation only). */
GC_PUBLIC int gc_option_set(const char *key, const char *value);

/* Looks for leaks, now, and reports them where option `report` says: manual objects (with
 * option leaks=all, any object) that were not freed and that nothing reaches any more.
 * Where they were allocated is known under the options leaks and stacks.  Returns the
 * number of leaked objects, without those that are only possible leaks. */
GC_PUBLIC size_t gc_leak_check(void);

/* ---- Statistics ---------------------------------------------------------------- */

/* X(name, meaning): every field is a uint64_t.  Times are in nanoseconds.  New fields
 * are added at the end only. */
#define GC_STATS_FIELDS(X)                                                            \
    X(collections, "collections so far")                                              \
    X(heap_bytes, "memory the heap holds: blocks, large objects and free units kept") \
    X(heap_bytes_max, "the most that heap_bytes has been")                            \
    X(live_bytes, "bytes of slots found reachable by the last collection")            \
    X(live_objects, "objects found reachable by the last collection")                 \
    X(allocated_bytes, "bytes of slots ever handed out; one recycled by a thread's "  \
                       "magazine counts once")                                        \
    X(freed_bytes, "bytes of slots that came back, by gc_free or a collection")       \
    X(reclaimed_bytes, "of these, by collections")                                    \
    X(reclaimed_objects, "objects reclaimed by collections")                          \
    X(budget_bytes, "bytes that may be allocated between two collections")            \
    X(charged_bytes, "bytes allocated since the last collection")                     \
    X(limit_bytes, "the heap's limit; 0 when there is none")                          \
    X(reserved_bytes, "address space set aside for the heap")                         \
    X(meta_bytes, "memory that the library's own tables have asked for")              \
    X(root_bytes, "bytes of roots that the last collection scanned")                  \
    X(returned_bytes, "bytes ever given back to the system")                          \
    X(pause_ns_last, "the last pause")                                                \
    X(pause_ns_max, "the longest pause")                                              \
    X(pause_ns_total, "all pauses")                                                   \
    X(stop_ns_last, "of the last pause, until all threads had stopped")               \
    X(stop_ns_total, "of all pauses, the same")                                       \
    X(mark_ns_total, "of these, marking")                                             \
    X(sweep_ns_total, "of these, sweeping")                                           \
    X(out_of_memory, "allocations that failed")                                       \
    X(external_bytes, "memory outside of the heap, by gc_external_add")               \
    X(young_collections, "of the collections, young ones")                            \
    X(concurrent_collections, "of the collections, those that marked beside the "     \
                              "program")                                              \
    X(meshed_bytes, "memory that blocks share with others, with option compact")      \
    X(young_static_bytes, "static data that young collections have scanned")          \
    X(marking_assists, "times that a thread which allocated faster than was marked "  \
                       "beside the program marked some itself")

#define GC_STATS_VERSION 1u

struct gc_stats {
    uint32_t version; /* GC_STATS_VERSION of the library that filled it */
    uint32_t size;    /* in: sizeof(struct gc_stats); out: how much of it was filled */
#define GC_STATS_MEMBER(name, meaning) uint64_t name;
    GC_STATS_FIELDS(GC_STATS_MEMBER)
#undef GC_STATS_MEMBER
};

/* Fills *stats, of which only `size` must be set before.  A `size` that leaves no room for
 * `version` and `size`, or no structure at all, is said once in the log, and nothing is filled in. */
GC_PUBLIC void gc_stats_get(struct gc_stats *stats);

#ifdef __cplusplus
}
#endif

#endif
