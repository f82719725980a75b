/* The segments that the loader has mapped are known from program headers, which are asked for
 * before the stop.  Whether they are still those of what is loaded is told in the stopped world
 * by the loader's list of objects, and by the headers themselves: a library that takes another's
 * place may have its record in the same memory, too, but larger segments. */
#include "roots/segments.h"

#include <link.h>

#include "base/bits.h"
#include "base/os.h"
#include "heap/cache.h"
#include "trace/modules.h"
#include "trace/objects.h"
#include "world/faults.h"

enum { OWN_PARTS = 3 };

/* Where PRIVATE_DATA is; the linker defines both. */
extern char __start_gcalloc_private[] __attribute__((visibility("hidden")));
extern char __stop_gcalloc_private[] __attribute__((visibility("hidden")));

/* The loader makes whole pages of a RELRO segment read-only, rounding its end down. */
static struct range relro_of(const struct dl_phdr_info *info)
{
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        if (p->p_type != PT_GNU_RELRO)
            continue;
        uintptr_t low = info->dlpi_addr + p->p_vaddr;
        return (struct range){low, align_down(low + p->p_memsz, os_page_bytes())};
    }
    return (struct range){0, 0};
}

struct range segments_own(void)
{
    return (struct range){(uintptr_t)__start_gcalloc_private,
                          (uintptr_t)__stop_gcalloc_private};
}

/* What of the library's is no root: its variables, and what reads as zero. */
static struct range own_part(unsigned part)
{
    if (part == 0)
        return segments_own();
    if (part == 1)
        return (struct range){(uintptr_t)&cache_none, (uintptr_t)(&cache_none + 1)};
    return (struct range){(uintptr_t)&heap_numbers_none,
                          (uintptr_t)(&heap_numbers_none + 1)};
}

/* Adds a segment's ranges: without RELRO, and without the library's own parts, which lie
 * in one segment of one object and never in RELRO. */
static void add_segment(struct range_list *l, struct range segment, struct range relro)
{
    for (unsigned part = 0; part < OWN_PARTS; part++) {
        struct range own = own_part(part);
        if (own.low < segment.low || own.low >= segment.high)
            continue;
        add_segment(l, (struct range){segment.low, own.low}, relro);
        add_segment(l, (struct range){own.high, segment.high}, relro);
        return;
    }
    range_list_add_without(l, segment, relro);
}

/* ---- What is loaded -------------------------------------------------------------------- */

static void mix(uint64_t *h, uintptr_t n)
{
    *h = (*h ^ n) * UINT64_C(0x9e3779b97f4a7c15);
    *h ^= *h >> 29;
}

static bool is_of_interest(const ElfW(Phdr) * p)
{
    return (p->p_type == PT_LOAD && (p->p_flags & PF_W)) || p->p_type == PT_GNU_RELRO ||
           p->p_type == PT_TLS;
}

struct headers {
    const struct range_list *list;
    uint64_t hash;
};

READS_ANYTHING static void read_headers(void *argument)
{
    struct headers *h = argument;
    h->hash = 1;
    for (size_t i = 0; i < h->list->count; i++) {
        const ElfW(Phdr) *p = (const void *)h->list->ranges[i].low;
        const ElfW(Phdr) *end = (const void *)h->list->ranges[i].high;
        for (mix(&h->hash, i); p < end; p++) {
            if (!is_of_interest(p))
                continue;
            mix(&h->hash, p->p_type);
            mix(&h->hash, p->p_vaddr);
            mix(&h->hash, p->p_memsz);
        }
    }
}

struct comparison {
    const struct segments_loaded *loaded;
    bool equal;
};

/* The headers are where they were as long as the loader's list is the same. */
static void compare(void *argument)
{
    struct comparison *c = argument;
    struct headers h = {.list = &c->loaded->headers};
    if (!objects_unchanged(c->loaded->number))
        return;
    read_headers(&h);
    c->equal = h.hash == c->loaded->hash;
}

bool segments_unchanged(const struct segments_loaded *loaded)
{
    struct comparison c = {.loaded = loaded};
    return faults_try(compare, &c, 0, UINTPTR_MAX) && c.equal;
}

/* ---- Snapshots ------------------------------------------------------------------------- */

struct snapshots {
    struct range_list *segments, *variables;
    struct tls_modules *modules;
    struct segments_loaded *loaded;
};

static bool begin(void *argument, struct objects_counts counts)
{
    struct snapshots *s = argument;
    s->modules->reused |= counts.removed > 0;
    s->loaded->number = objects_number();
    modules_notice(counts.added, counts.removed);
    return true;
}

static void add_object(void *argument, const struct dl_phdr_info *info)
{
    struct snapshots *s = argument;
    struct range_list *l = s->segments;
    struct range relro = relro_of(info);
    range_list_add(&s->loaded->headers, (uintptr_t)info->dlpi_phdr,
                   (uintptr_t)(info->dlpi_phdr + info->dlpi_phnum));
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        uintptr_t low = info->dlpi_addr + p->p_vaddr;
        uintptr_t tls = (uintptr_t)info->dlpi_tls_data;
        if (p->p_type == PT_LOAD && (p->p_flags & PF_W))
            add_segment(l, (struct range){low, low + p->p_memsz}, relro);
        else if (p->p_type == PT_TLS && tls)
            range_list_add(s->variables, tls, tls + p->p_memsz);
        if (p->p_type == PT_TLS && info->dlpi_tls_modid)
            tls_modules_add(s->modules, info->dlpi_tls_modid, p->p_memsz);
    }
}

static void read_loaded(void *argument)
{
    struct snapshots *s = argument;
    struct headers h = {.list = &s->loaded->headers};
    read_headers(&h);
    s->loaded->hash = h.hash;
}

void segments_snapshot(struct range_list *l, struct range_list *variables,
                       struct tls_modules *modules, struct segments_loaded *loaded)
{
    struct snapshots s = {l, variables, modules, loaded};
    range_list_clear(&loaded->headers);
    objects_visit(&(struct objects_visitor){begin, add_object, read_loaded, &s});
    l->incomplete |= loaded->headers.incomplete;
}
