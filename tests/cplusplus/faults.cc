// Functions of the library that fail when a test says so.  The programs are linked with --wrap for
// each, which leads their calls here and only theirs.
#include "cplusplus.hh"

bool no_finalizers, no_manual_objects, no_weak_references;

extern "C" {

gc_finalizer *__real_gc_finalizer_set_with(void *, gc_finalizer *, void *, unsigned);
gc_finalizer *__wrap_gc_finalizer_set_with(void *, gc_finalizer *, void *, unsigned);
void *__real_gc_alloc_manual(std::size_t);
void *__wrap_gc_alloc_manual(std::size_t);
gc_weak *__real_gc_weak_new_with(void *, unsigned);
gc_weak *__wrap_gc_weak_new_with(void *, unsigned);

gc_finalizer *__wrap_gc_finalizer_set_with(void *object, gc_finalizer *function,
                                           void *data, unsigned flags)
{
    if (no_finalizers)
        return errno = ENOMEM, reinterpret_cast<gc_finalizer *>(UINTPTR_MAX);
    return __real_gc_finalizer_set_with(object, function, data, flags);
}

void *__wrap_gc_alloc_manual(std::size_t size)
{
    return no_manual_objects ? errno = ENOMEM, nullptr : __real_gc_alloc_manual(size);
}

gc_weak *__wrap_gc_weak_new_with(void *object, unsigned flags)
{
    if (no_weak_references)
        return errno = ENOMEM, nullptr;
    return __real_gc_weak_new_with(object, flags);
}
}
