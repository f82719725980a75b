/* What lies where in a region, and what its first page says.
 *
 *     header | members | threads | roots | holds | types | tables of the heap | units ...
 *
 * All of it but the header's first part is other processes' to write, who may die at any instruction: what
 * is here is either one word, or has an order in which it is written, or is made anew after a death. */
#ifndef GCALLOC_REGION_LAYOUT_H
#define GCALLOC_REGION_LAYOUT_H

#include <gcalloc/region.h>

#include "base/lock.h"
#include "heap/types.h"

enum {
    REGION_VERSION = 3,
    REGION_MEMBERS = 1024,
    REGION_THREADS = 8192,
    REGION_ROOTS = 1024,
    REGION_TYPES = LAYOUTS_TOGETHER, /* number 0 is none */
    REGION_TYPE_BYTES = 512,
    REGION_HOLDS = 1 << 16,
};

#define REGION_MAGIC UINT64_C(0x6e6f696765726367) /* "gcregion" */

/* Bytes of objects: words of units have no room for more. */
#define REGION_LIMIT_LEAST MIB(1)
#define REGION_LIMIT_MOST GIB(1024)

/* Where regions lie: far from where the system puts what has no address, and programs; below are the
 * shadows of AddressSanitizer.  ThreadSanitizer has its own there, and lets programs use little else than the
 * first 512 GiB.  A file that says otherwise could have anything replaced that comes there later. */
#define REGION_PLACE_LEAST (GC_TSAN ? UINT64_C(0x001000000000) : UINT64_C(0x200000000000))
#define REGION_PLACE_MOST (GC_TSAN ? UINT64_C(0x008000000000) : UINT64_C(0x500000000000))

/* Written when the region is made, and constant; the sum is over all that stands before it. */
struct region_constants {
    uint64_t magic;
    uint32_t version;
    uint32_t stamp;   /* of sizes and constants of the heap's structures (region_stamp) */
    uint64_t address; /* where the region lies in all processes */
    uint64_t bytes;   /* of the whole mapping */
    uint64_t units;   /* of the heap, unit 0 among them */
    uint64_t tables, first_unit; /* where the tables, and unit 1, begin */
    uint32_t file;               /* it is a file: it outlives the system */
    uint32_t sum;
};

/* How far a region has come to be whole. */
enum region_stage { REGION_NEW, REGION_WHOLE, REGION_DAMAGED };

enum region_suspect {
    SUSPECT_DEATH = 1,
    SUSPECT_CUT, /* and pages may be of different times, as after a power cut */
};

struct region_header {
    struct region_constants constant;

    /* Closed (the number of the thread that closed it) while somebody collects: no bracket begins.
     * Atomic */
    OWN_LINE uint32_t gate;
    uint32_t stage; /* enum region_stage: WHOLE is stored last.  Atomic */
    /* Caches that were filled in an earlier one hold nothing any more.  Changes at a closed gate */
    uint32_t epoch;

    /* Of whoever closes the gate, and takes others off the lists. */
    OWN_LINE struct lock collect_lock;
    struct lock member_lock; /* members come and go */
    struct lock root_lock;   /* roots come and go */
    struct lock hold_lock;   /* holds come and go */

    uint32_t slots; /* slots from here on have never been taken.  Only grows.  Atomic */

    /* Somebody may have died in the midst of something: the next collection makes all anew.  Enum region_suspect.
     * Atomic */
    uint32_t suspect;
    unsigned char boot[16]; /* of the system whose processes the members are */
    uint64_t collections, recoveries;
};

/* A process that has the region open.  Changed under the member lock, `pid` last when one comes, and
 * first when one goes. */
struct region_member {
    uint32_t pid; /* 0: none */
    uint32_t unused;
    uint64_t start; /* when the process began: a pid comes again, both do not */
    uint64_t space; /* of process numbers, by inode */
};

/* A thread that uses the region.  It has a line of its own, which it writes to with each bracket. */
struct region_thread {
    OWN_LINE uint32_t active; /* it is in a bracket.  Atomic */
    uint32_t member;          /* its number plus 1; 0: none.  Atomic */
    /* Its number, by which the slot is taken, with the name space of that and the time when it began: these
     * are said afterwards, and not to be known until then.  tid is 0 in a slot that is nobody's. */
    uint32_t tid;
    uint64_t space, start;
    /* Grows when the slot is given back: who had it is told by both.  Atomic */
    uint64_t generation;
};

/* A root is in the first place from that of its name on that fits.  Changed under the root lock, and read
 * without: the state is odd while the root is there, stored last when it comes and first when it goes, and
 * no place has the same state twice.  0: the place was never used, and who searches stops. */
struct region_root {
    char name[GC_REGION_NAME_MOST + 1];
    uint64_t object; /* its place; 0: NULL.  Atomic */
    uint64_t state;  /* atomic */
};

/* A hold is in the first free place from that of its object and member on, or behind. */
struct region_hold {
    /* Its place; 0: free, 1: it was released, and who searches goes on. */
    uint64_t object;
    uint32_t member; /* number plus 1 */
    uint32_t count;
};

/* Where the pointers of a type are; its number is that of its typed bin.  Written under the typed lock of
 * the heap, before the heap's count of typed bins tells of it. */
struct region_type {
    uint64_t bits; /* bit k: word k */
    uint32_t size; /* bytes, 1 to REGION_TYPE_BYTES */
    uint32_t unused;
};

/* Where each part begins. */
struct region_parts {
    size_t members, threads, roots, holds, types, tables, first_unit, bytes, units;
};

/* For a region with room for `limit` bytes of objects. */
struct region_parts region_parts(size_t limit);

/* FNV-1a (Fowler, Noll, Vo; draft-eastlake-fnv) of these bytes behind what has the hash h. */
uint32_t region_hash(uint32_t h, const void *bytes, size_t count);
#define REGION_HASH_START 2166136261u

/* Says in one number what must be the same for two builds of the library to share a region. */
uint32_t region_stamp(void);
uint32_t region_sum(const struct region_constants *c);

/* NULL, or what is wrong with constants that were read from a file of so many bytes. */
const char *region_fault(const struct region_constants *c, uint64_t file_bytes);

/* Whether that is a region, and another version's. */
bool region_is_others(const struct region_constants *c);

#endif
