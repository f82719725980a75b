/* The map of the heap: every structure, with unit, owner and invariant of each field.
 *
 *   arena     units of 64 KiB in one reservation of address space; unit 0 is never used
 *   tables    beside it, one entry per unit: a word, a descriptor; one byte per object
 *
 *             unit      1       2       3       4 ...
 *   heap            [ block ][ free ][ large object   ]
 *   words           class,kind   -    class,kind,distance to the head,place of the states
 *   descriptors     struct unit: a block's counters, or a free extent's tree node
 *   states          seven maps: a block of up to 2^k objects has 2^k bytes in the map for
 *                   such blocks, at (unit of its head) * 2^k; at least 64, at most 4096
 *
 * The heap is a parameter of every function.  Its tables and struct heap_numbers hold numbers (of
 * units, of slots), never addresses; struct heap is a process's view of them.
 *
 * Who may write: a lock is named beside what it guards; locks are taken in critical
 * sections only (base/critical.h).  Fields marked "cycle" change in a collection only, by
 * its thread, while the world is stopped: then every lock is free, and nothing needs one.
 * "Atomic": by anyone, relaxed.  State bytes need no lock, as each has one writer at a
 * time: RESERVED slots belong to a cache, others to the program; from FREE to RESERVED
 * and back under the lock of the block's list. */
#ifndef GCALLOC_HEAP_TYPES_H
#define GCALLOC_HEAP_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bits.h"
#include "base/lock.h"
#include "base/os.h"
#include "base/pressure.h"
#include "base/treap.h"
#include "heap/types_fit.h"

enum {
    GRANULE = 16,
    UNIT_SHIFT = 16,
    UNIT_BYTES = 1 << UNIT_SHIFT,
    MEDIUM_UNITS = 8,      /* units of a block of slots from 8 to 32 KiB */
    BLOCK_UNITS_MOST = 20, /* of any block but a large one (sizeclass.c) */
    SMALL_MAX = 8192,      /* bytes of the largest small slot */
    /* Requests of this size and more get an extra byte, so that a pointer one past the end
     * still lies inside the slot. */
    PAD_FROM = 256,
    /* A block has from 64 state bytes, a cache line, to UNIT_BYTES / GRANULE of them.  There is
     * one map for each power of two in between, the largest first. */
    STATE_SHIFT_LEAST = 6,
    STATE_SHIFT_MOST = 12,
    STATE_MAPS = STATE_SHIFT_MOST - STATE_SHIFT_LEAST + 1,
};

/* ---- An object's state: one byte ------------------------------------------------ */

/* An object belongs to the program exactly when its state is STATE_NEW or more.  Objects found
 * reachable have one of the two marks, which alternate from cycle to cycle: one stands for the
 * last cycle, the other for the present one. */
enum state {
    STATE_FREE,     /* nobody's; written by sweep and by a magazine being emptied */
    STATE_RESERVED, /* in one run or magazine, or in flight; written by its mutator */
    STATE_NEW,      /* the program's, new since the last cycle; written by allocation */
    STATE_MARK_A,   /* the program's, found reachable; written by the marker */
    STATE_MARK_B,
};

/* ---- What a block holds --------------------------------------------------------- */

/* A kind is two bits.  KIND_ATOMIC says that there are no pointers inside; KIND_MANUAL,
 * that the object is a root that lives until it is freed.  A block holds objects of one
 * kind only. */
enum kind {
    KIND_SCANNED,
    KIND_ATOMIC,
    KIND_MANUAL,
    KIND_MANUAL_ATOMIC,
    KIND_COUNT,
};

/* Size classes are numbered: 0 is none (free units), then come the slot sizes in rising
 * order, then large. */
enum {
    CLASS_NONE = 0,
    CLASS_SMALL_LAST = 56,  /* slots of 8 KiB, blocks of one unit */
    CLASS_EVEN_LAST = 72,   /* slots of 32 KiB, blocks of MEDIUM_UNITS */
    CLASS_MEDIUM_LAST = 82, /* slots of 64 KiB; caches keep no larger ones */
    CLASS_WIDE_LAST = 114,  /* slots of 640 KiB (wide.h) */
    CLASS_LARGE = 115,
    CLASS_COUNT = 116,
    CLASS_BITS = 7,
};

/* What marking and freeing need to know of a class, constant after start.  The byte at an
 * offset in a block is in slot (offset * reciprocal) >> GEOMETRY_SHIFT, exactly, for
 * every byte of every block.  A large class has reciprocal 0, so its only slot is 0;
 * class none has count 0. */
struct geometry {
    uint64_t reciprocal;
    uint32_t size;  /* bytes of a slot; large: UINT32_MAX, see the descriptor; none: 0 */
    uint32_t count; /* slots of a block */
};

_Static_assert(sizeof(struct geometry) == 16, "a unit's word holds offsets in the table");

enum { GEOMETRY_SHIFT = 40 };

/* ---- A unit's word: all that marking and freeing touch ---------------------------- */

/*
 *   63    26 25       16 15   13 12  11 10      4   3     2      1    0
 *  | states | distance  | shard | kind |  class  |typed|altered|dirty|used|
 *
 *  used         the unit belongs to a block
 *  dirty        free: its memory may hold old contents; clear: it reads as zero.
 *               Used: so it was when the block was made
 *  altered      used: the program has changed what may be done with pages of it, and it gets new
 *               memory before anybody else has it (heap/altered.h).  Set atomically
 *  typed        used: the objects have a layout, which tells where their pointers are
 *               (heap/layout.h).  Their kind is atomic, so that whoever looks for pointers asks for
 *               this bit after that; the table of types has the number of their bin
 *  class, kind  0 in a free unit; together they name the block's bin.  The class stands
 *               where it is the byte offset in the table of geometries
 *  shard        whose lists the block is on, or goes to.  Changes, atomically, when the block
 *               is taken
 *  distance     used: units back to the block's head, at most UNIT_DISTANCE_MAX: from
 *               there it counts on
 *  states       where the block's states begin, in bytes from the first map on.  Free: where
 *               those of the last block are that began here, or 0, where unit 0 would have its
 *               own; in any case a byte that is FREE
 */
typedef uint64_t unit_word;

enum {
    UNIT_USED = 1 << 0,
    UNIT_DIRTY = 1 << 1,
    UNIT_ALTERED = 1 << 2,
    UNIT_TYPED = 1 << 3,
    UNIT_BIN_SHIFT = 4,
    UNIT_BIN_BITS = CLASS_BITS + 2,
    UNIT_SHARD_SHIFT = UNIT_BIN_SHIFT + UNIT_BIN_BITS,
    UNIT_SHARD_BITS = 3,
    UNIT_DISTANCE_SHIFT = UNIT_SHARD_SHIFT + UNIT_SHARD_BITS,
    UNIT_DISTANCE_BITS = 10,
    UNIT_DISTANCE_MAX = (1 << UNIT_DISTANCE_BITS) - 1,
    UNIT_STATES_SHIFT = UNIT_DISTANCE_SHIFT + UNIT_DISTANCE_BITS,
};

/* ---- A unit's descriptor: cold ---------------------------------------------------- */

enum block_flag {
    BLOCK_FILLED = 1 << 0, /* an aligned request may fill its slot to the last byte */
    /* Something is or was registered for one of the block's objects: the end of each of them is
     * to be told. */
    BLOCK_NOTED = 1 << 1,
    /* Nobody has allocated from it since the last cycle (heap/tenured.h). */
    BLOCK_TENURED = 1 << 2,
    /* The last cycle has left it to be swept beside the program (heap/sweep_later.h). */
    BLOCK_UNSWEPT = 1 << 3,
    /* It was swept so, and had NEW objects by then: dead ones, or of after the cycle. */
    BLOCK_MIXED = 1 << 4,
    /* Some of its pages are in a file (heap/mesh_pages.h). */
    BLOCK_MESHED = 1 << 5,
    /* Nothing has come to it or gone for one full cycle, and for two or more (heap/holes.h). */
    BLOCK_QUIET_ONCE = 1 << 6,
    BLOCK_QUIET = 1 << 7,
};

/* A block, in the descriptor of its head.  It is guarded by the lock of its list
 * (block_lock), but the bytes of a large block are its owner's, as the object is.
 * Invariant: free_count is the number of STATE_FREE slots; a block is on a list, that of
 * its shard and bin, exactly when it is not taken and offers slots (block_offers). */
struct block {
    uint32_t next, previous; /* on its list, by head unit; 0: none */
    uint32_t free_count;
    uint32_t cursor;  /* slots before it have been looked at since the last sweep */
    uint32_t touched; /* slots from here on have never been handed out and read as zero */
    uint8_t taken;    /* a cache draws runs from it */
    uint8_t flags;    /* enum block_flag.  Atomic */
    uint16_t live; /* cycle: objects that the last sweep counted, as part of the heap's */
    size_t bytes;  /* large: committed bytes, whole pages; else 0 */
};

/* Adjacent free units, in the descriptor of the first.  No two free extents touch.  The
 * extent lock guards them, and the words of free units. */
struct extent {
    struct treap_links links; /* node of the fit policy's tree, by first unit */
    uint32_t units;
    /* What the node's subtree and its left subtree have to offer. */
    uint32_t longest, left_longest; /* units of the longest extent */
    uint32_t orders, left_orders;   /* bit k: there is a buddy of 2^k units */
};

struct unit {
    union {
        struct block block;
        struct extent extent;
    };
    uint32_t extent_first; /* last unit of a free extent: the first one */
    /* Bit k says that page k of the unit was given back to the system (holes.h).  It is 0
     * outside of blocks of slots.  The lock of the block's list guards it. */
    uint16_t holes;
    /* Bit k says that the program has altered page k (altered.h).  It is 0 outside of
     * blocks.  Atomic: each bit is set and cleared by the owner of the object there, or
     * in a cycle. */
    uint16_t altered;
};

/* ---- The heap ---------------------------------------------------------------------- */

struct bin_list {
    /* The blocks with free slots, by head unit; a sweep puts them in order of address.  `first`
     * is read without the lock, too. */
    uint32_t first, last;
    struct lock lock;
};

enum { BIN_COUNT = KIND_COUNT << CLASS_BITS }; /* a bin: kind << CLASS_BITS | class */

/* OWN_LINE begins a cache line, so that what threads read all the time does not share one
 * with what they write. */
#define OWN_LINE _Alignas(64)

/* A shard is the lists of one thread, or of some, so that threads seldom draw from the
 * same block, whose objects and state bytes share cache lines, or wait for the same lock. */
enum {
    SHARDS = 1 << UNIT_SHARD_BITS,
    /* The last two shards are no cache's own, and no cache has magazines for them, so
     * that what is freed of their blocks comes to the slow path.  SHARD_APART has the
     * blocks with pages that the program has altered, SHARD_NOTED those with objects that
     * something is registered for. */
    SHARD_APART = SHARDS - 1,
    SHARD_NOTED = SHARDS - 2,
    SHARDS_OWN = SHARDS - 2, /* the shards before those two, which caches have */
    /* In a heap that is sampled no cache has the last of these, and each frees as if it had
     * (heap/sample.h). */
    SHARD_FREED = SHARDS_OWN - 1,
};

/* The objects of one layout in slots of one class.  The first bin of a layout has the layout's
 * number; one whose objects are of any size has more, whose numbers follow no order.  Bins are
 * added, and stay. */
struct typed_bin {
    struct bin_list list; /* for all threads: there is no list for each shard */
    uint32_t what;        /* constant: layout << UNIT_BIN_BITS | bin of kind and class */
};

enum {
    TYPED_MOST_SHIFT = 16,
    TYPED_MOST = 1 << TYPED_MOST_SHIFT,
    LAYOUTS_TOGETHER = 256,
    /* Where numbers stand for bins of both sorts, typed bin t is TYPED_FIRST + t.  The
     * numbers below are the bins of all shards, in lists of blocks and in caches. */
    TYPED_FIRST = SHARDS * BIN_COUNT,
};

struct shard {
    OWN_LINE struct bin_list bins[BIN_COUNT];
    uint32_t caches; /* that draw from it.  Atomic */
};

/* Counters are atomic, except that those marked "cycle" change in a cycle only and
 * heap_bytes_max is guarded by the extent lock. */
struct counters {
    uint64_t allocated_bytes; /* handed out to caches, less what they still hold unused */
    uint64_t freed_bytes;     /* came back by gc_free */
    uint64_t reclaimed_bytes, reclaimed_objects; /* cycle */
    uint64_t returned_bytes;
    uint64_t heap_bytes_max;
    uint64_t out_of_memory;
};

/* Where an object comes from, recorded only when a mode needs it. */
struct site {
    uint32_t stack; /* that allocated it, in the depot; 0: not known */
    /* Of a living or collected object, the bytes of the slot beyond the requested size, in
     * SITE_SLACK, and flags; of one freed by gc_free, SITE_FREED, the stack that freed it, in
     * SITE_STACK, and other flags. */
    uint32_t note;
};

#define SITE_FREED (1u << 31)
#define SITE_STACK \
    ((1u << 28) - 1) /* stacks are numbered below 1 << 27 (trace/depot.c) */
#define SITE_SLACK ((1u << 28) - 1)

/* Not freed: what lies behind the object is being changed, or was the last object's there; and the family of
 * what has allocated it, a number of two bits. */
#define SITE_UNCHECKED (1u << 30)
#define SITE_FAMILY_SHIFT 28
#define SITE_FAMILY (3u << SITE_FAMILY_SHIFT)

/* Freed: nobody has the memory yet; something was found that points to it; that was told. */
#define SITE_HELD (1u << 30)
#define SITE_REACHED (1u << 29)
#define SITE_TOLD (1u << 28)

enum { OBSERVERS_MOST = 6 };

struct observer;
struct mesh;
struct slot;

/* What a heap is, beside its tables: sizes, counts, unit numbers and locks, in the first
 * pages of the mapping that holds the tables.  It holds no address, nor anything else
 * that means something in one process only, so that the mapping could be a file or
 * another process's, too. */
struct heap_numbers {
    /* Constant after the heap was made, up to run_bytes_max. */
    OWN_LINE size_t tables_bytes; /* the reservation that begins with this structure */
    /* Where each map begins, and the last one ends, in `states`. */
    size_t maps[STATE_MAPS + 1];
    uint32_t unit_limit;  /* units reserved */
    bool end_pointers;    /* slots of every size have a byte to spare */
    size_t run_bytes_max; /* a run is no longer than this, one slot at least */

    /* Units [0, bytes / UNIT_BYTES) are committed and in some use; those from there on
     * are untouched.  The extent lock guards it, and each process's view has a copy. */
    size_t bytes;
    /* cycle: the state of objects found reachable by the last or present cycle, STATE_MARK_A or
     * STATE_MARK_B. */
    uint8_t mark;
    bool managed;     /* there have been objects that a cycle may reclaim.  Atomic */
    bool altered;     /* there have been altered units.  Atomic */
    bool keeps_small; /* parts of the heap are to have no huge pages.  Atomic */

    /* Guards the fields from here to `limit`, `bytes`, and the free units. */
    OWN_LINE struct lock extent_lock;
    struct fit_state fit_state;
    size_t used_bytes; /* in blocks, large objects by page.  Read without the lock, too */
    size_t dirty_bytes;    /* in free units that hold memory */
    size_t dirty_least;    /* least that dirty_bytes was since somebody last asked */
    size_t peak_bytes;     /* held at most, for which free memory goes back (extent.c) */
    size_t unit_run_bytes; /* in the unit runs of caches, which may have their memory */
    /* What blocks gave back page by page of used_bytes: the heap holds used_bytes +
     * dirty_bytes + unit_run_bytes - hole_bytes.  Read without the lock, too. */
    size_t hole_bytes;
    /* used_bytes + dirty_bytes + unit_run_bytes never exceeds the limit, so that slots in
     * holes can be had without asking, but by what blocks have in common (heap/mesh_pages.h); SIZE_MAX means no limit.  Read without the lock, too. */
    size_t limit;

    /* Bytes handed out since the last cycle, less explicit frees.  Atomic */
    OWN_LINE size_t charged;
    size_t budget; /* cycle: a collection is due when charged reaches it */
    size_t wanted; /* cycle: the budget that the last one found right for what lives */

    size_t external_bytes; /* that objects hold elsewhere (gc_external_add).  Atomic */

    size_t stretch; /* cycle: percent that the budget is of it, for option gc_share */
    uint64_t cycle_ended; /* cycle: os_now; 0: there was none */
    uint64_t time_used;   /* cycle: os_processor_time by then */
    /* cycle: the budget with which collecting takes as much time as option memory allows; 0: not
     * known yet. */
    size_t affordable;
    /* cycle: bytes allocated since free units were last trimmed, and of their memory the least that lay
     * unused before a cycle since then. */
    size_t untrimmed, unused;

    struct lock typed_lock; /* for adding typed bins */
    uint32_t typed_limit;   /* constant: so many are possible */
    uint32_t typed_count;   /* grows under typed_lock, and is read without */
    /* RESERVED slots in no cache: those that slabs keep, and those whose memory other blocks have
     * (heap/mesh_pages.h).  Atomic */
    uint32_t reserved_apart;

    /* Marked by the last cycle; unswept blocks count with what they had before it.  Under the
     * world lock, and atomic */
    size_t live_bytes, live_objects;
    /* What has gone of these since, with whole blocks freed by hand or the size of large objects
     * changed; modulo 2^64.  Atomic. */
    uint64_t gone_bytes, gone_objects;
    /* cycle: marked by the last full one, and how much more may be, of young ones, before the next */
    size_t live_full, until_full;
    size_t young_budget; /* cycle: of young cycles */
    /* How many wide objects had an extent each for want of a slot, by bin; each cycle
     * halves the numbers.  Atomic. */
    uint16_t wide_wanted[BIN_COUNT];
    struct counters counters;
    struct shard shards[SHARDS];
};

/* A process's view of a heap: where its mappings lie here, and what this process does for it. */
struct heap {
    /* Constant but for `bytes`. */
    OWN_LINE uintptr_t base; /* address of unit 0, a multiple of UNIT_BYTES */
    size_t bytes;            /* what numbers->bytes is: the fast paths look here */
    unit_word *words;        /* of each unit */
    uint8_t *states;         /* of each object: the maps */
    struct unit *units;
    struct site *sites; /* of each object, placed as the states; NULL: not recorded */
    struct typed_bin *typed;
    uint16_t *types;              /* the typed bin of each unit of a typed block */
    struct heap_numbers *numbers; /* NO_NUMBERS: the heap is not made yet, or no more */

    /* Slots of this size and more keep their last byte free: PAD_FROM, or 0 with end_pointers. */
    uint32_t pad_from;

    const struct os_space *space;
    const struct fit *fit;
    bool records_sites; /* there is to be a table of sites */
    /* Bytes of the slot behind each object that are the observers'.  Constant after start */
    size_t spare;
    bool told; /* it has observers, or is sampled.  Constant after start */
    /* Takes slots that threads have freed, `bytes` in all: they stay RESERVED, and count as reserved_apart, until
     * cache_give_back has them.  Returns false if it takes none.  Called in a critical section or in a
     * pause.  NULL: they are free at once.  Constant after start */
    bool (*hold)(struct heap *h, const struct slot *slots, uint32_t count, size_t bytes);
    bool sampled; /* slow paths choose samples (heap/sample.h).  Constant after start */
    size_t sample_every;  /* mean bytes between two samples.  Constant after start */
    uint64_t sample_seed; /* atomic */
    bool tenures;         /* the sweep tenures blocks.  Under the world lock */
    bool
        is_short; /* cycle: memory has run out, so that no block is tenured and all free slots are to be had */
    bool young;   /* most cycles are to be young ones.  Under the world lock */
    /* cycle: it is known what was written in tenured blocks since the last one. */
    bool remembers;
    /* cycle: a full cycle has begun to mark and not ended.  Markers read the heap while the program runs, so
     * that no block is released, nor a part of one. */
    bool marking;
    bool scanned; /* cycle: meanwhile some object was scanned.  Under the world lock */
    bool marked;  /* it is time to end that cycle.  Atomic */
    size_t kept_back; /* bytes of large objects that were freed meanwhile.  Atomic */
    /* Bytes of free slots in blocks that have become quiet since holes were last made in such.  Under the world
     * lock */
    size_t newly_quiet;
    /* cycle: blocks that the last sweep has tenured and the one before had not. */
    uint32_t newly_tenured;
    /* No block before this unit is unswept; 0: none is at all.  Under the world lock */
    uint32_t unswept;
    /* A bit for each unit, which says that a block begins there that is not tenured (or is gone
     * by now), and that the unit is of a tenured block with pointers.  NULL before blocks are
     * tenured for the first time.  Bits are atomic. */
    uint64_t *untenured, *watched;
    /* The layouts by typed bin, LAYOUTS_TOGETHER in each array (layout.h), added under
     * typed_lock. */
    struct layout *layouts[TYPED_MOST / LAYOUTS_TOGETHER];
    struct layout_memory *layout_memory; /* typed_lock */
    struct mesh
        *mesh; /* NULL: no blocks are meshed (heap/mesh.h).  Constant after start */
    const struct observer *observers[OBSERVERS_MOST + 1]; /* then NULL (observe.h) */
    /* Huge pages are asked for once `bytes` exceeds it; SIZE_MAX means never. */
    size_t huge_from;
    /* The maps of states that have been told to be on huge pages, a bit for each.  The extent lock guards
     * it. */
    unsigned huge_maps;

    /* Empty caches of threads that ended, CACHES_KEPT at most, for threads to come.  The
     * extent lock guards them. */
    struct cache *kept;
    uint32_t kept_count;

    /* The memory limit of this process's control group; SIZE_MAX if there is none or it
     * is not known.  Atomic. */
    size_t group_limit;
    bool group_known; /* atomic */
    /* What part of its budget the heap goes without while memory is short, in percent.  Atomic */
    unsigned yields;
    struct pressure pressure; /* of the control group, or of the machine */
};

/* A constant that is all zero, and large: it takes no room in the library's file, nor memory while it is read.  It is
 * in no read-only memory, and among the variables that are no roots (roots/segments.h). */
#define READS_AS_ZERO __attribute__((section(".bss.gcalloc_zeros")))

/* All zero, which is what a heap that is not made yet reads. */
SHARED_DATA const struct heap_numbers heap_numbers_none;
#define NO_NUMBERS ((struct heap_numbers *)(uintptr_t)&heap_numbers_none)

#include "heap/types_cache.h"

#endif
