/* Visits objects by dl_iterate_phdr, and those of other name spaces by the loader's record for
 * debuggers.  It remembers nothing of them; trace/modules.c does.  libunwind, which keeps what
 * it learned of code by address and never asks whether it is still there, is told here. */
#include "trace/objects.h"

#define UNW_LOCAL_ONLY
#include <dlfcn.h>
#include <libunwind.h>
#include <stddef.h>

#include "base/bits.h"

/* The dynamic loader's own record of what is loaded.  The name _r_debug leads to it only where
 * the program does not refer to it: else it is a copy in the program, which knows of no other
 * name spaces.  The program's dynamic section always leads there.  NULL: not known yet.
 * Atomic. */
static const struct r_debug *own_record PRIVATE_DATA;

/* The objects that were gone when libunwind last forgot what it knew.  Atomic. */
static uint64_t removed_before PRIVATE_DATA;

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

/* ---- The number ------------------------------------------------------------------------ */

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

uint64_t objects_number(void)
{
    return what_is_loaded().number;
}

bool objects_unchanged(uint64_t number)
{
    struct loaded now = what_is_loaded();
    return !now.unloading && now.number == number;
}

bool objects_are_settled(void)
{
    const volatile struct r_debug *d = loader_record();
    return d->r_state == RT_CONSISTENT;
}

/* ---- Visiting -------------------------------------------------------------------------- */

/* dl_iterate_phdr shows the caller's name space only; dlmopen makes others.  The loader's lock
 * keeps all of them as they are, and dlinfo takes none. */
#if defined __GLIBC__ && __GLIBC_PREREQ(2, 36)
static void visit_other_name_spaces(const struct objects_visitor *v)
{
    const struct r_debug_extended *d = (const void *)loader_record();
    __asm__("" : "+r"(d)); /* there is more behind it than is declared */
    if (d->base.r_version < 2)
        return;
    for (d = d->r_next; d; d = d->r_next) {
        for (struct link_map *m = d->base.r_map; m; m = m->l_next) {
            struct dl_phdr_info info = {.dlpi_addr = m->l_addr, .dlpi_name = m->l_name};
            int count = dlinfo(m, RTLD_DI_PHDR, &info.dlpi_phdr);
            if (count < 0 || dlinfo(m, RTLD_DI_TLS_DATA, &info.dlpi_tls_data) != 0 ||
                dlinfo(m, RTLD_DI_TLS_MODID, &info.dlpi_tls_modid) != 0)
                continue;
            info.dlpi_phnum = (ElfW(Half))count;
            v->visit(v->argument, &info);
        }
    }
}
#else
static void visit_other_name_spaces(const struct objects_visitor *v)
{
    (void)v;
}
#endif

/* libunwind reads its tables in callbacks of dl_iterate_phdr, too: so the lock that is held
 * here keeps everybody else out of what it throws away. */
static void tell_libunwind(uint64_t removed)
{
    if (__atomic_load_n(&removed_before, __ATOMIC_RELAXED) == removed)
        return;
    __atomic_store_n(&removed_before, removed, __ATOMIC_RELAXED);
    unw_flush_cache(unw_local_addr_space, 0, 0);
}

static int visit_object(struct dl_phdr_info *object, size_t size, void *argument)
{
    (void)size;
    const struct objects_visitor *v = argument;
    v->visit(v->argument, object);
    return 0;
}

/* With the first object.  The loader's lock can be taken again by the thread that has it. */
static int visit_all(struct dl_phdr_info *first, size_t size, void *argument)
{
    (void)size;
    const struct objects_visitor *v = argument;
    struct objects_counts counts = {first->dlpi_adds, first->dlpi_subs};
    tell_libunwind(counts.removed);
    find_own_record(first);
    if (v->begin && !v->begin(v->argument, counts))
        return 1;
    dl_iterate_phdr(visit_object, argument);
    visit_other_name_spaces(v);
    if (v->end)
        v->end(v->argument);
    return 1;
}

void objects_visit(const struct objects_visitor *visitor)
{
    struct objects_visitor v = *visitor;
    dl_iterate_phdr(visit_all, &v);
}
