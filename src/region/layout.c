#include "region/layout.h"

#include "base/os.h"
#include "heap/arena.h"
#include "heap/sizeclass.h"

static size_t behind(size_t start, size_t bytes)
{
    return align_up(start + bytes,
                    OS_HUGE_PAGE / 32); /* 64 KiB: whole pages of any system */
}

struct region_parts region_parts(size_t limit)
{
    struct region_parts p = {.units = (align_up(limit, UNIT_BYTES) >> UNIT_SHIFT) + 1};
    p.members = behind(0, sizeof(struct region_header));
    p.threads = behind(p.members, REGION_MEMBERS * sizeof(struct region_member));
    p.roots = behind(p.threads, REGION_THREADS * sizeof(struct region_thread));
    p.holds = behind(p.roots, REGION_ROOTS * sizeof(struct region_root));
    p.types = behind(p.holds, REGION_HOLDS * sizeof(struct region_hold));
    p.tables = align_up(behind(p.types, REGION_TYPES * sizeof(struct region_type)),
                        OS_HUGE_PAGE);
    p.first_unit = align_up(p.tables + arena_tables_bytes(p.units), OS_HUGE_PAGE);
    p.bytes = p.first_unit + ((p.units - 1) << UNIT_SHIFT);
    return p;
}

uint32_t region_hash(uint32_t h, const void *bytes, size_t count)
{
    const unsigned char *p = bytes;
    for (size_t i = 0; i < count; i++)
        h = (h ^ p[i]) * 16777619u;
    return h;
}

uint32_t region_stamp(void)
{
    const size_t sizes[] = {
        sizeof(struct region_header),
        sizeof(struct region_member),
        sizeof(struct region_thread),
        sizeof(struct region_root),
        sizeof(struct region_hold),
        sizeof(struct region_type),
        sizeof(struct heap_numbers),
        sizeof(struct unit),
        sizeof(struct typed_bin),
        UNIT_STATES_SHIFT,
        CLASS_COUNT,
        SHARDS,
        STATE_MARK_B,
    };
    uint32_t h = region_hash(REGION_HASH_START, sizes, sizeof sizes);
    return region_hash(h, geometries, sizeof geometries);
}

uint32_t region_sum(const struct region_constants *c)
{
    return region_hash(REGION_HASH_START, c, offsetof(struct region_constants, sum));
}

static bool is_of_other_version(const struct region_constants *c)
{
    return c->version != REGION_VERSION || c->stamp != region_stamp();
}

bool region_is_others(const struct region_constants *c)
{
    return c->magic == REGION_MAGIC && c->sum == region_sum(c) && is_of_other_version(c);
}

const char *region_fault(const struct region_constants *c, uint64_t file_bytes)
{
    if (c->magic != REGION_MAGIC)
        return "it is no region";
    if (is_of_other_version(c))
        return "another version of the library has made it";
    if (c->sum != region_sum(c))
        return "its first page is damaged";
    if (c->units <= REGION_LIMIT_LEAST >> UNIT_SHIFT ||
        c->units > (REGION_LIMIT_MOST >> UNIT_SHIFT) + 1)
        return "its size is none that a region can have";
    struct region_parts p = region_parts((c->units - 1) << UNIT_SHIFT);
    if (c->bytes != p.bytes || c->tables != p.tables || c->first_unit != p.first_unit ||
        c->file > 1)
        return "its first page is damaged";
    if (c->bytes > file_bytes)
        return "the file is shorter than it was: it has been truncated";
    if (c->address % GIB(1) != 0 || c->address < REGION_PLACE_LEAST ||
        c->address > REGION_PLACE_MOST - c->bytes)
        return "its address is none";
    return NULL;
}
