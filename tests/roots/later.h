/* Loads the library later.c, for tests of static data that comes and goes. */
#ifndef GCALLOC_TESTS_ROOTS_LATER_H
#define GCALLOC_TESTS_ROOTS_LATER_H

#include <check.h>
#include <dlfcn.h>

#include "library.h"

static inline struct library_places later_load(void **handle)
{
    *handle = dlopen(LATER_LIBRARY, RTLD_NOW | RTLD_LOCAL);
    ck_assert_msg(*handle, "%s", dlerror());
    library_places_fn places;
    *(void **)&places = dlsym(*handle, "later_places");
    ck_assert_ptr_nonnull(places);
    return places();
}

#endif
