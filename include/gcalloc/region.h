/* gcalloc: regions, heaps that several processes share, in shared memory or in a file.
 *
 * A region lies at the same address in every process, so that plain pointers inside of it work.
 * Whatever a region holds is reached from its named roots, or held by a process; the rest is garbage,
 * which any process may collect, while the others live.  The death of a process, at any
 * instruction, leaves a sound region: what it alone held is garbage then.
 *
 * A process touches objects of a region inside of brackets: between gc_region_begin and gc_region_end
 * whatever the thread allocates or finds by following pointers stays.  Brackets are cheap, and a
 * collection waits for those of other processes to end: so nobody sleeps inside of one.
 *
 * The file of a region that is open is not to be made shorter: to touch what is gone is SIGBUS, for the
 * program as for a bracket.  What looks at much says EIO instead, unless the file is made shorter while it is at
 * it: collections, checks, syncs, counts and walks.  A program that closes all descriptors can neither allocate from new memory (EBADF) nor be told of by the
 * system: who opens the region meanwhile gets EBUSY.  Whoever may write to a region can crash those who have
 * it open at the same time; a file that nobody has open does no harm to who opens it, whatever is in it.
 *
 * Functions that return a pointer return NULL and those that return int return -1 where they fail, with
 * errno; gc_region_error has a sentence on what was wrong.  Any thread may call them, but none in a
 * root callback, in a trace function or in a signal handler.  After fork the child goes on with the
 * regions that are open, outside of all brackets, and holds nothing.  A process that executes another program
 * (exec) without gc_region_close stays one that has the region, with what it held and the bracket that it was in, until
 * that program ends or opens the region. */
#ifndef GCALLOC_REGION_H
#define GCALLOC_REGION_H

#include <gcalloc/gcalloc.h>
#include <stdbool.h>
#include <sys/types.h>

#ifdef __cplusplus
/* A structure and a function have one name here, as in stat(2): C++ compilers can warn of that. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
extern "C" {
#endif

typedef struct gc_region gc_region;

/* ---- Regions as a whole ---------------------------------------------------------------------- */

/* The name is a file's path; without this flag it is that of shared memory, as "/name". */
#define GC_REGION_FILE 1u

/* Of gc_region_create: there must not be such a region yet. */
#define GC_REGION_EXCLUSIVE 2u

/* Of gc_region_open: nothing is written, not even that the process is there, and the region may lie at any
 * address: gc_region_pointer says where an object is.  There are no brackets; what others change changes
 * meanwhile.  What writes fails with EPERM. */
#define GC_REGION_READ_ONLY 4u

/* Makes a region for at most `limit` bytes of objects, 1 MiB at least, or opens the one that there is.
 * It takes memory, or room on the disk, as it grows.  `mode`: who may open it, as for open(2); 0: 0600.
 * NULL with errno: EINVAL (name, limit or flags), EEXIST (with GC_REGION_EXCLUSIVE; without, the
 * address where it has to lie is taken), ENOSPC, ENOMEM, EACCES and what else open gives, EBADMSG (the
 * file is no region, or a damaged one), EPROTO (another version's), EBUSY (it is being made, or somebody
 * stays in brackets), EUSERS (too many processes). */
GC_PUBLIC gc_region *gc_region_create(const char *name, size_t limit, unsigned flags,
                                      mode_t mode) __attribute__((warn_unused_result));

/* Opens a region that there is.  One that nobody has open, and whose last user did not close it, is
 * recovered first.  NULL with errno ENOENT, or one of gc_region_create. */
GC_PUBLIC gc_region *gc_region_open(const char *name, unsigned flags)
    __attribute__((warn_unused_result));

/* The region is not the process's any more: what it holds is dropped, and no pointer into it may be
 * used.  No thread is in a bracket.  0, or -1 with EINVAL, EBUSY (some thread is). */
GC_PUBLIC int gc_region_close(gc_region *region);

/* The name is gone; the region lives until the last process closes it.  `flags`: GC_REGION_FILE or 0. */
GC_PUBLIC int gc_region_unlink(const char *name, unsigned flags);

/* What went wrong in the last call of this thread that failed; "" if none has. */
GC_PUBLIC const char *gc_region_error(void);

enum gc_region_state {
    GC_REGION_SOUND,
    GC_REGION_SUSPECT, /* somebody died with it: opening it, or a collection, recovers it */
    GC_REGION_UNMADE,        /* it is being made, or was not finished */
    GC_REGION_DAMAGED,       /* damage was found in it: it can only be read */
    GC_REGION_OTHER_VERSION, /* of the library, which has made it: the rest is not known */
};

struct gc_region_description {
    enum gc_region_state state;
    bool file;          /* it was made as a file, not as shared memory */
    uint64_t address;   /* where it lies in each process */
    uint64_t objects;   /* the offset from which on there are objects */
    size_t limit;       /* bytes that objects may take */
    size_t bytes;       /* of memory, or on the disk, that it takes */
    unsigned processes; /* that have it */
};

/* Fills *description in, and opens nothing: of a region that may be anybody's, or none.  `flags`:
 * GC_REGION_FILE or 0.  0, or -1 with errno: EINVAL (name or flags), EBADMSG (no region, or a damaged
 * first page) and what open gives. */
GC_PUBLIC int gc_region_describe(const char *name, unsigned flags,
                                 struct gc_region_description *description);

/* ---- Brackets --------------------------------------------------------------------------------- */

/* Between these two the calling thread may use objects of the region.  They nest.  gc_region_begin
 * waits while another process collects.  0, or -1 with errno: EINVAL, ENOMEM, EUSERS (too many threads),
 * ENOTRECOVERABLE (the region is damaged). */
GC_PUBLIC int gc_region_begin(gc_region *region);
GC_PUBLIC int gc_region_end(gc_region *region);

/* ---- Objects, inside of brackets --------------------------------------------------------------- */

/* A zeroed object.  NULL with errno: EPERM (outside of a bracket), ENOMEM (the limit is reached, and a
 * collection did not help), ENOSPC (the disk, or the memory for shared memory, is full); EBUSY and
 * ETIMEDOUT: the limit is reached, and another process collects, or stays in a bracket.  It may wait for
 * the caller's bracket: so what helps is to end that, and to begin again. */
GC_PUBLIC void *gc_region_alloc(gc_region *region, size_t size) GC_NEW_OBJECT
    __attribute__((alloc_size(2)));

/* One without pointers, whose contents are undefined: no collection reads it. */
GC_PUBLIC void *gc_region_alloc_atomic(gc_region *region, size_t size) GC_NEW_OBJECT
    __attribute__((alloc_size(2)));

/* A zeroed object at a multiple of `alignment`, a power of two up to 1 GiB. */
GC_PUBLIC void *gc_region_alloc_aligned(gc_region *region, size_t alignment,
                                        size_t size) GC_NEW_OBJECT;

/* The number of a type, which says where the pointers in its objects are: at `count` offsets, multiples of
 * 8, in `size` bytes, 1 to 512.  A region knows a type by its size and offsets, and all processes that ask
 * for these are given one number.  0 with errno: EINVAL, ENOSPC (there are 255 types), ENOMEM. */
typedef uint32_t gc_region_layout;
GC_PUBLIC gc_region_layout gc_region_layout_get(gc_region *region, size_t size,
                                                const size_t *offsets, size_t count);

/* A zeroed object of a type, in which only the words at its offsets keep anything alive.  NULL with errno as
 * gc_region_alloc, or EINVAL: the number is no type of the region. */
GC_PUBLIC void *gc_region_alloc_layout(gc_region *region,
                                       gc_region_layout layout) GC_NEW_OBJECT;

/* As gc_realloc; the new part of a scanned object is zero.  One with a layout gets no larger (EINVAL). */
GC_PUBLIC void *gc_region_realloc(gc_region *region, void *object, size_t size)
    __attribute__((warn_unused_result));

/* Ends the object's life at once.  NULL is ignored.  0, or -1 with errno EINVAL (not the start of a
 * living object of the region) or EPERM. */
GC_PUBLIC int gc_region_free(gc_region *region, void *object);

/* The start of the object around an address, or NULL; how many bytes of it may be used, or 0. */
GC_PUBLIC void *gc_region_base(gc_region *region, const void *address);
GC_PUBLIC size_t gc_region_usable_size(gc_region *region, const void *object);

/* The place of an object in its region, the same for everybody, and the object at a place.  NULL is
 * at 0; what is not in the region is at 0, too, and leads to NULL. */
GC_PUBLIC uint64_t gc_region_offset(const gc_region *region, const void *object);
GC_PUBLIC void *gc_region_pointer(const gc_region *region, uint64_t offset);

/* ---- What stays -------------------------------------------------------------------------------- */

#define GC_REGION_NAME_MOST 47 /* bytes of a root's name */

/* Named roots lead to objects of the region, or are NULL; they live until they are removed.
 * gc_region_root_set makes one if there is none.  0, or -1 with errno: EINVAL (the name is empty or too
 * long; not an object of the region), ENOSPC (there are 1024), ENOENT (of remove). */
GC_PUBLIC int gc_region_root_set(gc_region *region, const char *name, void *object);
GC_PUBLIC int gc_region_root_remove(gc_region *region, const char *name);

/* The object of a root, or NULL; errno is ENOENT if there is no such root, else as it was.  Inside of a
 * bracket. */
GC_PUBLIC void *gc_region_root_get(gc_region *region, const char *name);

/* Sets the root to `object` if it is *expected, and else *expected to what it is.  1: set, 0: not,
 * -1 with errno of gc_region_root_set.  A root that there is none of counts as NULL, and is made. */
GC_PUBLIC int gc_region_root_swap(gc_region *region, const char *name, void **expected,
                                  void *object);

/* Calls visit(name, object, data) for each root, until it does not return 0; returns what it returned
 * last, or 0.  Inside of a bracket. */
GC_PUBLIC int
gc_region_root_list(gc_region *region,
                    int (*visit)(const char *name, void *object, void *data), void *data);

/* Keeps an object for this process beyond the bracket; holds are counted, and end with the process.
 * 0, or -1 with errno: EPERM, EINVAL (not the start of an object; of release: not held), ENOSPC (too
 * many are held). */
GC_PUBLIC int gc_region_hold(gc_region *region, void *object);
GC_PUBLIC int gc_region_release(gc_region *region, void *object);

/* ---- Collection, counting, checking ------------------------------------------------------------- */

/* Reclaims what neither roots, nor holds, nor, inside of a bracket, the calling process's stacks and
 * static data lead to.  It waits for the brackets of other processes.
 * 0, or -1 with errno: ETIMEDOUT (option region_wait has passed, and gc_region_error names who stays in a
 * bracket), EBUSY (another process collects), ENOTRECOVERABLE. */
GC_PUBLIC int gc_region_collect(gc_region *region);

/* What was written so far is on the disk when it returns, and is what is found after a power cut, unless
 * somebody writes to the region before that.  It waits for all brackets, those of the other threads of the process
 * among them.  0, or -1 with errno: EPERM (inside of a bracket), EINVAL (no file), ETIMEDOUT (as for
 * gc_region_collect), EIO, ENOSPC. */
GC_PUBLIC int gc_region_sync(gc_region *region);

struct gc_region_stats {
    size_t limit;      /* bytes that objects may take */
    size_t bytes;      /* that it has grown to */
    size_t used_bytes; /* in blocks with objects */
    size_t live_bytes; /* that the last collection found */
    size_t live_objects;
    uint64_t collections; /* by anybody */
    uint64_t recoveries;  /* after a death in the midst of something */
    unsigned processes, threads, roots, holds;
};

/* Fills *stats in.  0, or -1 with EINVAL. */
GC_PUBLIC int gc_region_stats(gc_region *region, struct gc_region_stats *stats);

struct gc_region_process {
    pid_t pid;        /* in the name space of its own */
    unsigned threads; /* that have used the region */
    unsigned holds;   /* objects that it holds */
    bool dead;        /* the next collection takes it off */
};

/* Calls visit(process, data) for each process that has the region, until it does not return 0; returns
 * that, or 0, or -1 with EINVAL. */
GC_PUBLIC int gc_region_process_list(gc_region *region,
                                     int (*visit)(const struct gc_region_process *process,
                                                  void *data),
                                     void *data);

struct gc_region_object {
    void *address;
    size_t size; /* of its slot */
    bool atomic; /* it has no pointers */
};

/* Calls visit(object, data) for each living object, garbage among them, until it does not return 0;
 * returns that, or 0.  Inside of a bracket; objects that others allocate meanwhile may be left out. */
GC_PUBLIC int gc_region_walk(gc_region *region,
                             int (*visit)(const struct gc_region_object *object,
                                          void *data),
                             void *data);

/* Checks all that the region keeps of itself, while nobody else uses it: it waits for the brackets of all threads but the
 * caller's.  0, or -1 with errno: EBADMSG
 * and gc_region_error says what is damaged; ETIMEDOUT; EBUSY (it is open for reading only, and others have
 * it). */
GC_PUBLIC int gc_region_check(gc_region *region);

#ifdef __cplusplus
}
#pragma GCC diagnostic pop
#endif

#endif
