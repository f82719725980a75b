/* Memory of a region: room in its file, taken before it is touched, so that a disk that is full is an error
 * and not a signal. */
#include "region/region.h"

#include <errno.h>
#include <linux/falloc.h>
#include <sys/mman.h>

#include "base/cgroup.h"
#include "base/sys.h"
#include "heap/rebuild.h"

static struct region_space *space_of(const struct os_space *self)
{
    return (struct region_space *)(uintptr_t)self;
}

/* Where the file system cannot set room aside, none is, and a full disk is a signal after all. */
static bool commit(const struct os_space *self, void *start, size_t bytes)
{
    struct region_space *s = space_of(self);
    long offset = (long)((uintptr_t)start - s->start);
    if (os_refused())
        return s->error = errno, false;
    int file = descriptor_number(&s->file);
    if (syscall(SYS_fallocate, file, FALLOC_FL_KEEP_SIZE, offset, (long)bytes) == 0 ||
        errno == EOPNOTSUPP || errno == ENOSYS)
        return true;
    s->error = errno;
    return errno = ENOMEM, false;
}

static void *reserve(const struct os_space *self, size_t bytes, size_t alignment)
{
    const struct region_space *s = space_of(self);
    (void)bytes;
    (void)alignment;
    return (void *)(s->start + s->units);
}

static void *reserve_tables(const struct os_space *self, size_t bytes, size_t alignment)
{
    const struct region_space *s = space_of(self);
    (void)bytes;
    (void)alignment;
    return (void *)(s->start + s->tables);
}

static void *extend(const struct os_space *self, void *end, size_t bytes,
                    size_t alignment)
{
    (void)self;
    (void)bytes;
    (void)alignment;
    return end;
}

static void release(const struct os_space *self, void *start, size_t used,
                    size_t reserved)
{
    (void)self;
    (void)start;
    (void)used;
    (void)reserved;
}

static void release_tables(const struct os_space *self, void *start, size_t bytes)
{
    release(self, start, 0, bytes);
}

static size_t decommit(const struct os_space *self, void *address, size_t bytes)
{
    const struct region_space *s = space_of(self);
    long offset = (long)((uintptr_t)address - s->start);
    int file = descriptor_number(&s->file);
    return syscall(SYS_fallocate, file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                   offset, (long)bytes) == 0
               ? bytes
               : 0;
}

/* What memory this process can have for a file at most. */
static size_t memory_bytes(void)
{
    size_t pages = (size_t)sysconf(_SC_PHYS_PAGES);
    return min_size(cgroup_limit(""), pages * os_page_bytes());
}

void region_space_begin(gc_region *r, int file)
{
    const struct region_constants *c = &r->constant;
    r->space = (struct region_space){
        .space = {.name = "region",
                  .shared = true,
                  .reserve = reserve,
                  .extend = extend,
                  .release = release,
                  .reserve_tables = reserve_tables,
                  .commit_tables = commit,
                  .release_tables = release_tables,
                  .back = commit,
                  .decommit = decommit},
        .start = (uintptr_t)r->header,
        .tables = c->tables,
        .units = c->first_unit,
        .memory = c->file ? memory_bytes() : 0,
    };
    descriptor_take(&r->space.file, file);
}

bool region_exceeds_memory(const gc_region *r)
{
    return r->constant.file && r->heap.numbers->used_bytes > r->space.memory / 2;
}

void region_advise(gc_region *r, bool collects)
{
    if (!r->constant.file)
        return;
    bool exceeds = region_exceeds_memory(r);
    if (r->space.random == (exceeds && !collects))
        return;
    r->space.random = !r->space.random;
    sys_advise((void *)r->header, r->constant.bytes,
               r->space.random ? MADV_RANDOM : MADV_NORMAL);
}

bool region_is_whole(const gc_region *r)
{
    struct stat found;
    int file = descriptor_number(&r->space.file);
    if (file < 0 || sys_stat_at(file, "", &found, AT_EMPTY_PATH) != 0 ||
        (uint64_t)found.st_size >= r->constant.bytes)
        return true;
    return region_fail(EIO, "%s: the file has been truncated while it was open",
                       r->name) == 0;
}

bool region_back_start(gc_region *r)
{
    size_t bytes = r->constant.tables + sizeof(struct heap_numbers);
    return commit(&r->space.space, r->header, bytes) ||
           region_fail(r->space.error, "%s: no room for what it holds", r->name) == 0;
}

bool region_back(gc_region *r, bool objects)
{
    bool backed = objects ? heap_back_blocks(&r->heap) : arena_back_tables(&r->heap);
    return backed ||
           region_fail(r->space.error, "%s: no room for what it holds", r->name) == 0;
}

void *region_map(int file, uint64_t address, size_t bytes, bool read_only)
{
    int protection = read_only ? PROT_READ : PROT_READ | PROT_WRITE;
    int flags = MAP_SHARED | MAP_NORESERVE | (address ? MAP_FIXED_NOREPLACE : 0);
    void *p =
        (void *)syscall(SYS_mmap, (void *)address, bytes, protection, flags, file, 0L);
    if (p == MAP_FAILED)
        return NULL;
    if (address && p != (void *)address) { /* a kernel before 4.17 */
        sys_unmap(p, bytes);
        return errno = EEXIST, NULL;
    }
    return p;
}
