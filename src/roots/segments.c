#include "roots/segments.h"

#include <dlfcn.h>
#include <link.h>

#include "base/bits.h"
#include "base/os.h"

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

/* Adds a segment's ranges: without RELRO, and without the library's own variables, which
 * lie in one segment of one object and never in RELRO. */
static void add_segment(struct range_list *l, struct range segment, struct range relro)
{
    struct range own = {(uintptr_t)__start_gcalloc_private,
                        (uintptr_t)__stop_gcalloc_private};
    if (own.low < segment.low || own.low >= segment.high) {
        range_list_add_without(l, segment, relro);
        return;
    }
    range_list_add_without(l, (struct range){segment.low, own.low}, relro);
    range_list_add_without(l, (struct range){own.high, segment.high}, relro);
}

static void mix(uint64_t *h, uintptr_t n)
{
    *h = (*h ^ n) * UINT64_C(0x9e3779b97f4a7c15);
    *h ^= *h >> 29;
}

/* The loader's lock is held, which ThreadSanitizer does not know. */
READS_RACING static void mix_maps(uint64_t *h, const struct link_map *m)
{
    for (; m; m = m->l_next) {
        mix(h, (uintptr_t)m);
        mix(h, m->l_addr);
        mix(h, (uintptr_t)m->l_name);
        mix(h, (uintptr_t)m->l_ld);
    }
}

/* The dynamic loader's own record of what is loaded.  The name _r_debug leads to it only where
 * the program does not refer to it: else it is a copy in the program, which knows of no other
 * name spaces.  The program's dynamic section always leads there.  NULL: not known yet.
 * Atomic. */
static const struct r_debug *own_record PRIVATE_DATA;

static void find_own_record(const struct dl_phdr_info *program)
{
    for (int i = 0; i < program->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &program->dlpi_phdr[i];
        if (p->p_type != PT_DYNAMIC)
            continue;
        const ElfW(Dyn) *d = (const void *)(program->dlpi_addr + p->p_vaddr);
        while (d->d_tag != DT_NULL && d->d_tag != DT_DEBUG)
            d++;
        if (d->d_tag == DT_DEBUG && d->d_un.d_ptr)
            __atomic_store_n(&own_record, (const struct r_debug *)d->d_un.d_ptr,
                             __ATOMIC_RELAXED);
    }
}

static const struct r_debug *loader_record(void)
{
    const struct r_debug *d = __atomic_load_n(&own_record, __ATOMIC_RELAXED);
    return d ? d : &_r_debug;
}

/* What there is to say of all name spaces.  The loader unmaps an object before it takes it
 * off its list, and calls that RT_DELETE. */
struct loaded {
    uint64_t number;
    bool unloading;
};

static void add_name_space(struct loaded *l, const struct r_debug *d)
{
    mix_maps(&l->number, d->r_map);
    l->unloading |= d->r_state == RT_DELETE;
}

static struct loaded what_is_loaded(void)
{
    struct loaded l = {.number = 1};
    add_name_space(&l, loader_record());
#if defined __GLIBC__ && __GLIBC_PREREQ(2, 36)
    const struct r_debug_extended *d = (const void *)loader_record();
    __asm__("" : "+r"(d)); /* there is more behind it than is declared */
    if (d->base.r_version >= 2)
        for (d = d->r_next; d; d = d->r_next)
            add_name_space(&l, &d->base);
#endif
    return l;
}

bool segments_unchanged(uint64_t loaded)
{
    struct loaded now = what_is_loaded();
    return !now.unloading && now.number == loaded;
}

struct snapshots {
    struct range_list *segments;
    struct tls_modules *modules;
    uint64_t *loaded; /* NULL once it is set */
};

static void add_object(const struct dl_phdr_info *info, struct snapshots *s)
{
    struct range_list *l = s->segments;
    s->modules->reused |= info->dlpi_subs > 0;
    struct range relro = relro_of(info);
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        uintptr_t low = info->dlpi_addr + p->p_vaddr;
        uintptr_t tls = (uintptr_t)info->dlpi_tls_data;
        if (p->p_type == PT_LOAD && (p->p_flags & PF_W))
            add_segment(l, (struct range){low, low + p->p_memsz}, relro);
        else if (p->p_type == PT_TLS && tls)
            range_list_add(l, tls, tls + p->p_memsz);
        if (p->p_type == PT_TLS && info->dlpi_tls_modid)
            tls_modules_add(s->modules, info->dlpi_tls_modid, p->p_memsz);
    }
}

/* dl_iterate_phdr shows the caller's name space only; dlmopen makes others.  For its callback:
 * the loader's lock keeps all of them as they are, and dlinfo takes none. */
#if defined __GLIBC__ && __GLIBC_PREREQ(2, 36)
static void add_other_name_spaces(struct snapshots *s)
{
    const struct r_debug_extended *d = (const void *)loader_record();
    __asm__("" : "+r"(d)); /* there is more behind it than is declared */
    if (d->base.r_version < 2)
        return;
    for (d = d->r_next; d; d = d->r_next) {
        for (struct link_map *m = d->base.r_map; m; m = m->l_next) {
            struct dl_phdr_info info = {.dlpi_addr = m->l_addr};
            int count = dlinfo(m, RTLD_DI_PHDR, &info.dlpi_phdr);
            if (count < 0 || dlinfo(m, RTLD_DI_TLS_DATA, &info.dlpi_tls_data) != 0 ||
                dlinfo(m, RTLD_DI_TLS_MODID, &info.dlpi_tls_modid) != 0)
                continue;
            info.dlpi_phnum = (ElfW(Half))count;
            add_object(&info, s);
        }
    }
}
#else
static void add_other_name_spaces(struct snapshots *s)
{
    (void)s;
}
#endif

static int visit(struct dl_phdr_info *info, size_t size, void *argument)
{
    (void)size;
    struct snapshots *s = argument;
    if (s->loaded) {
        find_own_record(info);
        *s->loaded = what_is_loaded().number;
        s->loaded = NULL;
        add_other_name_spaces(s);
    }
    add_object(info, s);
    return 0;
}

void segments_snapshot(struct range_list *l, struct tls_modules *modules,
                       uint64_t *loaded)
{
    struct snapshots s = {l, modules, loaded};
    dl_iterate_phdr(visit, &s);
}
