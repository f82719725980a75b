/* C++'s operators new and delete, under the names that they have in object files, so that it is known by
 * which of them an object was allocated.  What they do when there is no memory is the C++ library's to do:
 * its own operator, which comes next, calls the new handler and throws.
 *
 * A program may define some of them.  Then all others here do what the C++ library's do, which is to
 * call the program's. */
#include <dlfcn.h>
#include <malloc.h>
#include <stdlib.h>

#include "base/options.h"
#include "mutator/hooks.h"
#include "mutator/site.h"
#include "world/next.h"

#define EXPORT __attribute__((visibility("default")))

struct nothrow;

/* The operators that the others are made of are those here. */
static bool are_own PRIVATE_DATA;

/* A program in C may have loaded it for a plugin, out of others' sight. */
static void *find_operator(const char *name)
{
    static const char *const libraries[] = {"libstdc++.so.6", "libc++.so.1"};
    void *found = next_find(name);
    for (int i = 0; i < 2 && !found; i++) {
        void *library = dlopen(libraries[i], RTLD_LAZY | RTLD_NOLOAD);
        found = library ? dlsym(library, name) : NULL;
    }
    return found;
}

/* The C++ library's operator of this name; NULL: there is none. */
#define NEXT_OPERATOR(name)                                                 \
    ({                                                                      \
        static __typeof__(&name) found PRIVATE_DATA;                        \
        __typeof__(&name) next = __atomic_load_n(&found, __ATOMIC_RELAXED); \
        if (!next) {                                                        \
            *(void **)&next = find_operator(#name);                         \
            __atomic_store_n(&found, next, __ATOMIC_RELAXED);               \
        }                                                                   \
        next;                                                               \
    })

static void *make(size_t size, size_t alignment, enum family family)
{
    if (LIKELY(!options.mismatch))
        return alignment ? memalign(alignment, size) : malloc(size);
    call_family = (uint8_t)family;
    void *object = alignment ? memalign(alignment, size) : malloc(size);
    call_family = FAMILY_MALLOC;
    return object;
}

static void end(void *object, enum family family)
{
    if (LIKELY(!options.mismatch))
        return free(object);
    call_family = (uint8_t)family;
    free(object);
    call_family = FAMILY_MALLOC;
}

/* What the C++ library's operator has got from malloc after all. */
static void *made(void *object, enum family family)
{
    if (options.mismatch && are_own)
        site_set_family(object, family);
    return object;
}

#define NEW(name, parameters, arguments, alignment, family)       \
    EXPORT void *name parameters;                                 \
    void *name parameters                                         \
    {                                                             \
        void *object = NULL;                                      \
        if (LIKELY(are_own))                                      \
            object = make(size, alignment, family);               \
        if (UNLIKELY(!object) && NEXT_OPERATOR(name))             \
            object = made(NEXT_OPERATOR(name) arguments, family); \
        return object;                                            \
    }

#define DELETE(name, parameters, arguments, family)  \
    EXPORT void name parameters;                     \
    void name parameters                             \
    {                                                \
        if (LIKELY(are_own) || !NEXT_OPERATOR(name)) \
            end(object, family);                     \
        else                                         \
            NEXT_OPERATOR(name) arguments;           \
    }

/* clang-format off */
NEW(_Znwm, (size_t size), (size), 0, FAMILY_NEW)
NEW(_Znam, (size_t size), (size), 0, FAMILY_NEW_ARRAY)
NEW(_ZnwmRKSt9nothrow_t, (size_t size, const struct nothrow *n), (size, n), 0, FAMILY_NEW)
NEW(_ZnamRKSt9nothrow_t, (size_t size, const struct nothrow *n), (size, n), 0, FAMILY_NEW_ARRAY)
NEW(_ZnwmSt11align_val_t, (size_t size, size_t a), (size, a), a, FAMILY_NEW)
NEW(_ZnamSt11align_val_t, (size_t size, size_t a), (size, a), a, FAMILY_NEW_ARRAY)
NEW(_ZnwmSt11align_val_tRKSt9nothrow_t, (size_t size, size_t a, const struct nothrow *n), (size, a, n), a, FAMILY_NEW)
NEW(_ZnamSt11align_val_tRKSt9nothrow_t, (size_t size, size_t a, const struct nothrow *n), (size, a, n), a, FAMILY_NEW_ARRAY)

DELETE(_ZdlPv, (void *object), (object), FAMILY_NEW)
DELETE(_ZdaPv, (void *object), (object), FAMILY_NEW_ARRAY)
DELETE(_ZdlPvm, (void *object, size_t size), (object, size), FAMILY_NEW)
DELETE(_ZdaPvm, (void *object, size_t size), (object, size), FAMILY_NEW_ARRAY)
DELETE(_ZdlPvRKSt9nothrow_t, (void *object, const struct nothrow *n), (object, n), FAMILY_NEW)
DELETE(_ZdaPvRKSt9nothrow_t, (void *object, const struct nothrow *n), (object, n), FAMILY_NEW_ARRAY)
DELETE(_ZdlPvSt11align_val_t, (void *object, size_t a), (object, a), FAMILY_NEW)
DELETE(_ZdaPvSt11align_val_t, (void *object, size_t a), (object, a), FAMILY_NEW_ARRAY)
DELETE(_ZdlPvmSt11align_val_t, (void *object, size_t size, size_t a), (object, size, a), FAMILY_NEW)
DELETE(_ZdaPvmSt11align_val_t, (void *object, size_t size, size_t a), (object, size, a), FAMILY_NEW_ARRAY)
DELETE(_ZdlPvSt11align_val_tRKSt9nothrow_t, (void *object, size_t a, const struct nothrow *n), (object, a, n), FAMILY_NEW)
DELETE(_ZdaPvSt11align_val_tRKSt9nothrow_t, (void *object, size_t a, const struct nothrow *n), (object, a, n), FAMILY_NEW_ARRAY)
/* clang-format on */

static bool is_own(const char *name, void *own)
{
    return dlsym(RTLD_DEFAULT, name) == own;
}

__attribute__((constructor(BEFORE_PROGRAMS))) static void look_for_others(void)
{
    are_own = is_own("_Znwm", (void *)_Znwm) && is_own("_Znam", (void *)_Znam) &&
              is_own("_ZdlPv", (void *)_ZdlPv) && is_own("_ZdaPv", (void *)_ZdaPv);
}
