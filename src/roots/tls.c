/* Reads glibc's own tables of thread-local variables; for other C libraries it adds
 * nothing.  No function of the C library's is called, so no lock of its is taken. */
#include "roots/tls.h"

#include "base/maps.h"
#include "base/meta.h"
#include "world/next.h"

void tls_modules_clear(struct tls_modules *t)
{
    t->count = 0;
    t->incomplete = t->reused = false;
}

void tls_modules_add(struct tls_modules *t, size_t number, size_t bytes)
{
    struct tls_module *list =
        meta_grow(ACCOUNT_ROOTS, t->list, t->count, &t->capacity, sizeof *list);
    if (!list) {
        t->incomplete = true;
        return;
    }
    t->list = list;
    list[t->count++] = (struct tls_module){number, bytes};
}

/* glibc: the control block leads to the thread's vector of modules.  Element n is where
 * module n's variables are, or -1 while the thread has not used them; before element 0 is
 * the number of elements. */
#ifdef __GLIBC__
union element {
    size_t count;
    struct {
        uintptr_t variables;
        void *to_free;
    } block;
};

static const union element **vector_at(uintptr_t pointer)
{
#if defined __x86_64__
    return (const union element **)pointer + 1;
#elif defined __aarch64__
    return (const union element **)pointer;
#endif
}

READS_ANYTHING static const union element *vector_of(uintptr_t pointer)
{
    return *vector_at(pointer);
}

void tls_add_vector(uintptr_t pointer, struct range_list *l)
{
    uintptr_t at = (uintptr_t)vector_at(pointer);
    range_list_add(l, at, at + sizeof at);
}

/* Of ld.so's, for libraries of glibc's own: how many bytes a thread has for its variables and its control block. */
void _dl_get_tls_static_info(size_t *bytes, size_t *alignment);

struct range tls_static(uintptr_t pointer)
{
    size_t bytes = 0, alignment;
    __typeof__(&_dl_get_tls_static_info) ask =
        NEXT(_dl_get_tls_static_info, NO_FALLBACK(_dl_get_tls_static_info));
    if (ask)
        ask(&bytes, &alignment);
#if defined __x86_64__
    return (struct range){pointer - bytes, pointer};
#else
    return (struct range){pointer, pointer + bytes};
#endif
}

/* Fewer than the object has, where they are another's in malloc's memory, which may end
 * there. */
static size_t bytes_of(const struct tls_modules *t, const struct tls_module *m,
                       const union element *e)
{
    uintptr_t at = e->block.variables;
    return t->reused && e->block.to_free ? maps_readable(at, at + m->bytes) : m->bytes;
}

READS_ANYTHING void tls_add_thread(const struct tls_modules *t, uintptr_t pointer,
                                   struct range_list *l)
{
    const union element *vector = vector_of(pointer);
    if (!vector)
        return;
    size_t count = vector[-1].count;
    for (size_t i = 0; i < t->count; i++) {
        const struct tls_module *m = &t->list[i];
        if (m->number > count)
            continue;
        union element e = vector[m->number];
        uintptr_t at = e.block.variables;
        if (at && at != UINTPTR_MAX)
            range_list_add(l, at, at + bytes_of(t, m, &e));
    }
}
#else
void tls_add_vector(uintptr_t pointer, struct range_list *l)
{
    (void)pointer, (void)l;
}

void tls_add_thread(const struct tls_modules *t, uintptr_t pointer, struct range_list *l)
{
    (void)t, (void)pointer, (void)l;
}

struct range tls_static(uintptr_t pointer)
{
    (void)pointer;
    return (struct range){0, 0};
}
#endif
