/* Regions made, opened, closed; and what a process has open.
 *
 * Who opens has the file's lock (flock), which ends with the process: so nobody sees a region that is
 * half made, and one of several that come first recovers it. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/crash.h"
#include "base/futex.h"
#include "base/sys.h"
#include "heap/arena.h"
#include "heap/extent.h"
#include "heap/fit.h"
#include "heap/heap.h"
#include "mutator/init.h"
#include "region/region.h"

enum { PLACES = 64 };

/* ---- Making one ------------------------------------------------------------------------------------- */

/* A place that is likely to be free in others, too: by the name's file. */
static uint64_t place_for(const struct stat *file, unsigned attempt, size_t bytes)
{
    uint64_t hash = (file->st_ino * 31 + file->st_dev + (uint64_t)attempt * 7919 +
                     (uint64_t)file->st_ctim.tv_nsec) *
                    0x9e3779b97f4a7c15u;
    uint64_t places = (REGION_PLACE_MOST - REGION_PLACE_LEAST - bytes) / GIB(1);
    return REGION_PLACE_LEAST + hash % places * GIB(1);
}

static void *map_new(int file, const struct stat *found, size_t bytes)
{
    for (unsigned attempt = 0; attempt < PLACES; attempt++) {
        void *p = region_map(file, place_for(found, attempt, bytes), bytes, false);
        if (p || errno != EEXIST)
            return p;
    }
    return NULL;
}

static void view(gc_region *r, void *start, const struct region_parts *p)
{
    char *at = start;
    r->header = start;
    r->members = (struct region_member *)(void *)(at + p->members);
    r->threads = (struct region_thread *)(void *)(at + p->threads);
    r->roots = (struct region_root *)(void *)(at + p->roots);
    r->holds = (struct region_hold *)(void *)(at + p->holds);
    r->types = (struct region_type *)(void *)(at + p->types);
}

static void write_header(gc_region *r, const struct region_parts *p, bool is_file)
{
    struct region_header *h = r->header;
    r->constant = (struct region_constants){
        .magic = REGION_MAGIC,
        .version = REGION_VERSION,
        .stamp = region_stamp(),
        .address = (uintptr_t)h,
        .bytes = p->bytes,
        .units = p->units,
        .tables = p->tables,
        .first_unit = p->first_unit,
        .file = is_file,
    };
    r->constant.sum = region_sum(&r->constant);
    h->constant = r->constant;
    h->collect_lock.word = h->member_lock.word = LOCK_SHARED;
    h->root_lock.word = h->hold_lock.word = LOCK_SHARED;
}

/* The heap of a region that is new. */
static bool make_heap(gc_region *r, size_t limit)
{
    struct heap_config config = {.space = &r->space.space, .reserve = limit};
    if (!heap_create(&r->heap, &config))
        return false;
    struct heap_numbers *n = r->heap.numbers;
    n->extent_lock.word = n->typed_lock.word = LOCK_SHARED;
    for (unsigned shard = 0; shard < SHARDS; shard++)
        for (unsigned bin = 0; bin < BIN_COUNT; bin++)
            n->shards[shard].bins[bin].lock.word = LOCK_SHARED;
    n->budget = MIB(4);
    return true;
}

/* Makes the file as large as it will be, with room for all but the heap.  Before it is large it says that
 * it is a region: so whoever finds one that was not finished knows it from files of others. */
static bool size_file(int file, const struct region_parts *p)
{
    static const uint64_t magic = REGION_MAGIC;
    return syscall(SYS_ftruncate, file, 0L) == 0 &&
           syscall(SYS_pwrite64, file, &magic, sizeof magic, 0L) == (long)sizeof magic &&
           syscall(SYS_ftruncate, file, (long)p->bytes) == 0 &&
           (syscall(SYS_fallocate, file, 0, 0L, (long)p->tables) == 0 ||
            errno == EOPNOTSUPP);
}

/* The file is empty, or what was begun in it was not finished. */
static bool make(gc_region *r, int file, size_t limit, bool is_file)
{
    struct stat found;
    struct region_parts p = region_parts(limit);
    if (sys_stat_at(file, "", &found, AT_EMPTY_PATH) != 0 || !size_file(file, &p))
        return region_fail(errno, "%s: %s", r->name, strerror(errno)) == 0;
    void *start = map_new(file, &found, p.bytes);
    if (!start)
        return region_fail(errno, "%s: no address for %zu bytes", r->name, p.bytes) == 0;
    view(r, start, &p);
    CRASH_POINT("make: mapped");
    write_header(r, &p, is_file);
    CRASH_POINT("make: header");
    region_space_begin(r, file);
    if (!make_heap(r, limit))
        return region_fail(r->space.error ? r->space.error : ENOMEM,
                           "%s: no room for its tables", r->name) == 0;
    region_set_now(r->header);
    CRASH_POINT("make: all but the stage");
    __atomic_store_n(&r->header->stage, REGION_WHOLE, __ATOMIC_RELEASE);
    return true;
}

/* ---- Opening one ------------------------------------------------------------------------------------ */

/* Reads what is constant.  Nothing else of a file that may be anything is looked at before. */
static bool read_constants(const gc_region *r, int file, struct region_constants *c)
{
    struct stat found;
    if (sys_stat_at(file, "", &found, AT_EMPTY_PATH) != 0)
        return region_fail(errno, "%s: %s", r->name, strerror(errno)) == 0;
    const char *fault = "it is no region";
    if (S_ISREG(found.st_mode) &&
        syscall(SYS_pread64, file, c, sizeof *c, 0L) == (long)sizeof *c)
        fault = region_fault(c, (uint64_t)found.st_size);
    if (!fault)
        return true;
    return region_fail(region_is_others(c) ? EPROTO : EBADMSG, "%s: %s", r->name,
                       fault) == 0;
}

static bool attach_heap(gc_region *r)
{
    const struct region_constants *c = &r->constant;
    r->heap = (struct heap){
        .space = &r->space.space,
        .pad_from = PAD_FROM,
        .fit = &fit_first,
        .huge_from = SIZE_MAX,
        .group_limit = SIZE_MAX,
    };
    struct heap_numbers *n = (void *)((char *)r->header + c->tables);
    static const bool no; /* that of a file may be neither */
    bool good =
        n->unit_limit == c->units && n->run_bytes_max == KIB(64) &&
        memcmp(&n->end_pointers, &no, sizeof no) == 0 &&
        arena_attach(&r->heap, n, (uintptr_t)r->header + c->first_unit - UNIT_BYTES);
    if (good && !r->read_only && !region_is_of_now(r->header))
        region_forget_unwritten_types(r);
    return good && region_types_are_sound(r);
}

/* One in which damage was found is only read any more. */
static const char *stage_fault(const gc_region *r)
{
    uint32_t stage = __atomic_load_n(&r->header->stage, __ATOMIC_ACQUIRE);
    if (stage == REGION_WHOLE || (stage == REGION_DAMAGED && r->read_only))
        return NULL;
    return stage == REGION_NEW ? "it was never finished, or is being made"
                               : "damage was found in it; it can only be read any more";
}

static bool attach(gc_region *r, int file)
{
    struct region_constants c;
    if (!read_constants(r, file, &c))
        return false;
    struct region_parts p = region_parts((c.units - 1) << UNIT_SHIFT);
    void *start = region_map(file, r->read_only ? 0 : c.address, c.bytes, r->read_only);
    if (!start)
        return region_fail(errno,
                           errno == EEXIST
                               ? "%s: its address, %#llx, is taken in this process"
                               : "%s: it cannot be mapped at %#llx",
                           r->name, (unsigned long long)c.address) == 0;
    r->constant = c;
    view(r, start, &p);
    region_space_begin(r, file);
    if (!r->read_only && !region_back_start(r))
        return false;
    const char *fault = stage_fault(r);
    if (!fault && attach_heap(r))
        return true;
    return region_fail(EBADMSG, "%s: %s", r->name,
                       fault ? fault : "the numbers of its heap are damaged") == 0;
}

/* Whoever had the region is dead, with what they held. */
static void forget_everybody(gc_region *r)
{
    struct region_header *h = r->header;
    region_forget_all(r, h->suspect == SUSPECT_CUT);
    h->gate = 0;
    h->collect_lock.word = h->member_lock.word = LOCK_SHARED;
    h->root_lock.word = h->hold_lock.word = LOCK_SHARED;
}

enum {
    /* A member that leaves is seen without its claim for some instructions, or for as long as it is not let
     * run meanwhile. */
    LOOKS_MOST = 100,
    LOOK_NS = 1000000,
};

/* Looks whether anybody has the region, which *nobodys becomes.  Returns false if somebody seems to who has no
 * claim to it, and not only because they are about to leave. */
static bool look_for_members(gc_region *r, int file, bool *nobodys)
{
    for (int i = 0; i < LOOKS_MOST; i++) {
        regions_lock();
        region_bury_former_self(r);
        *nobodys = !region_is_used(r);
        if (*nobodys && r->constant.file && region_may_be_older(r->header))
            r->header->suspect = SUSPECT_CUT;
        if (*nobodys)
            region_set_now(r->header);
        regions_unlock();
        if (*nobodys || region_is_claimed(file))
            return true;
        futex_rest(LOOK_NS);
    }
    return false;
}

/* The process becomes a member; a region that nobody has is recovered first.  It is a member from now on,
 * and not from its first bracket on, as until then another that opens the region would recover it. */
static bool begin(gc_region *r, int file)
{
    if (r->read_only)
        return true;
    bool nobodys;
    if (!look_for_members(r, file, &nobodys))
        return region_fail(EBUSY,
                           "%s: it says that process %u has it, which lives, and has "
                           "no lock of it: it may have closed its descriptors",
                           r->name, region_some_member(r)) == 0;
    region_claim(file);
    if (nobodys && !region_back(r, false))
        return false;
    if (nobodys)
        forget_everybody(r);
    return region_make_collector(r) &&
           (nobodys ? region_recover(r) : region_use(r) != NULL);
}

/* Whether there is anything in the file but a region that was not finished. */
static bool is_made(int file)
{
    uint64_t magic = 0;
    uint32_t stage = REGION_NEW;
    long at = offsetof(struct region_header, stage);
    long bytes = syscall(SYS_pread64, file, &magic, sizeof magic, 0L);
    return bytes != 0 && (bytes != (long)sizeof magic || magic != REGION_MAGIC ||
                          syscall(SYS_pread64, file, &stage, sizeof stage, at) < 0 ||
                          stage != REGION_NEW);
}

static void unmap(gc_region *r)
{
    if (r->header)
        sys_unmap(r->header, r->constant.bytes);
    r->header = NULL;
}

/* Of a region that could not be made nothing is left but its name.  Returns false. */
static bool take_back(gc_region *r, int file)
{
    int error = errno;
    unmap(r);
    if (!is_made(file))
        syscall(SYS_ftruncate, file, 0L);
    return errno = error, false;
}

static void unlock(gc_region *r, int file)
{
    if (r->has_file_lock)
        region_unlock_file(file);
    r->has_file_lock = false;
}

/* Of one that could not be opened the lock of the file stays, until the process has left it: nobody is to join
 * a region that was not recovered. */
static bool open_region(gc_region *r, int file, size_t limit, unsigned flags)
{
    if (!r->read_only && !region_lock_file(r, file))
        return false;
    r->has_file_lock = !r->read_only;
    bool made = limit == 0 || is_made(file);
    bool good = made ? attach(r, file)
                     : make(r, file, limit, flags & GC_REGION_FILE) || take_back(r, file);
    if (good) {
        opened_add(r);
        good = begin(r, file);
    }
    if (good)
        unlock(r, file);
    return good;
}

/* While it is in the list, by which the holders of its locks are found. */
static void leave(gc_region *r)
{
    if (r->header && !r->read_only && region_end_uses(r))
        region_leave(r);
}

static void discard(gc_region *r, int file)
{
    int error = errno;
    if (r->uses)
        leave(r);
    opened_remove(r);
    unmap(r);
    grey_queue_destroy(&r->collector.marker.grey);
    region_forget_types(r);
    unlock(r, file);
    opened_keep(r);
    sys_close(file);
    errno = error;
}

static gc_region *new_region(const char *name, int file, bool read_only)
{
    struct stat found;
    gc_region *r = opened_new();
    if (!r || sys_stat_at(file, "", &found, AT_EMPTY_PATH) != 0)
        return region_fail(ENOMEM, "no memory"), sys_close(file), NULL;
    r->handle = REGION_HANDLE;
    r->member = NO_MEMBER;
    r->opened = 1;
    r->read_only = read_only;
    r->device = found.st_dev;
    r->inode = found.st_ino;
    snprintf(r->name, sizeof r->name, "%s", name);
    return r;
}

static gc_region *find_or_open(const char *name, size_t limit, unsigned flags, int file)
{
    bool read_only = flags & GC_REGION_READ_ONLY;
    gc_region *r = opened_find(file, read_only);
    if (r) {
        sys_close(file);
        return r;
    }
    r = new_region(name, file, read_only);
    if (r && open_region(r, file, limit, flags))
        return r;
    if (r)
        discard(r, file);
    return NULL;
}

static gc_region *open_named(const char *name, size_t limit, unsigned flags, int how,
                             mode_t mode)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    bool read_only = flags & GC_REGION_READ_ONLY;
    if (!mutator_enter())
        return region_fail(errno, "no memory for a thread, or in a root callback"), NULL;
    mutator_leave();
    pthread_once(&once, region_watch);
    int file = region_open_file(name, flags, how | (read_only ? O_RDONLY : O_RDWR), mode);
    if (file < 0)
        return NULL;
    opening_lock();
    gc_region *r = find_or_open(name, limit, flags, descriptor_move_away(file));
    opening_unlock();
    return r;
}

gc_region *gc_region_create(const char *name, size_t limit, unsigned flags, mode_t mode)
{
    if (limit < REGION_LIMIT_LEAST || limit > REGION_LIMIT_MOST ||
        (flags & ~(GC_REGION_FILE | GC_REGION_EXCLUSIVE)))
        return region_fail(EINVAL,
                           "a region's limit is 1 MiB to 1 TiB, and its flags are "
                           "GC_REGION_FILE and GC_REGION_EXCLUSIVE"),
               NULL;
    int how = O_CREAT | (flags & GC_REGION_EXCLUSIVE ? O_EXCL : 0);
    return open_named(name, limit, flags, how, mode ? mode : 0600);
}

gc_region *gc_region_open(const char *name, unsigned flags)
{
    if (flags & ~(GC_REGION_FILE | GC_REGION_READ_ONLY))
        return region_fail(EINVAL, "gc_region_open has the flags GC_REGION_FILE and "
                                   "GC_REGION_READ_ONLY"),
               NULL;
    return open_named(name, 0, flags, 0, 0);
}

/* ---- Closing ---------------------------------------------------------------------------------------- */

static int close_region(gc_region *r)
{
    if (!region_is_open(r))
        return -1;
    regions_lock();
    region_bury_uses(r);
    bool busy = r->opened == 1 && region_is_used_here(r);
    bool last = !busy && --r->opened == 0;
    regions_unlock();
    if (busy)
        return region_fail(EBUSY, "%s: a thread of this process is in a bracket",
                           r->name);
    if (!last)
        return 0;
    leave(r);
    discard(r, descriptor_number(&r->space.file));
    return 0;
}

int gc_region_close(gc_region *r)
{
    opening_lock();
    int result = close_region(r);
    opening_unlock();
    return result;
}
