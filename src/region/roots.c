/* Named roots. */
#include <errno.h>
#include <string.h>

#include "base/crash.h"
#include "region/region.h"

static bool is_there(uint64_t state)
{
    return state & 1;
}

static uint64_t state_of(const struct region_root *root)
{
    return __atomic_load_n(&root->state, __ATOMIC_ACQUIRE);
}

static uint32_t place_of(const char *name)
{
    return region_hash(REGION_HASH_START, name, strlen(name)) % REGION_ROOTS;
}

/* The root of this name and the state in which it had it; NULL: there is none.  `free`, if it is not
 * NULL, becomes the first place where it could be. */
static struct region_root *find(const gc_region *r, const char *name, uint64_t *state,
                                struct region_root **free)
{
    for (uint32_t i = 0, place = place_of(name); i < REGION_ROOTS; i++) {
        struct region_root *root = &r->roots[(place + i) % REGION_ROOTS];
        *state = state_of(root);
        if (is_there(*state) && strncmp(root->name, name, sizeof root->name) == 0)
            return root;
        if (!is_there(*state) && free && !*free)
            *free = root;
        if (*state == 0)
            break;
    }
    return NULL;
}

static bool is_name(const gc_region *r, const char *name)
{
    size_t length = name ? strnlen(name, GC_REGION_NAME_MOST + 1) : 0;
    if (length > 0 && length <= GC_REGION_NAME_MOST)
        return true;
    return region_fail(EINVAL, "%s: a root's name has 1 to %d bytes", r->name,
                       GC_REGION_NAME_MOST) == 0;
}

static bool is_object(const gc_region *r, const void *object)
{
    return !object || region_is_start(r, object);
}

/* What a root leads to; NULL if that is no object, or none any more. */
static void *object_of(const gc_region *r, const struct region_root *root)
{
    struct cell o;
    void *object = gc_region_pointer(r, __atomic_load_n(&root->object, __ATOMIC_ACQUIRE));
    return object && region_object_at(r, object, &o) ? object : NULL;
}

/* ---- Changing them -------------------------------------------------------------------------------- */

/* The caller's use, in a bracket with the root lock; *own says that the bracket is for this call. */
static struct region_use *lock(gc_region *r, bool *own)
{
    struct region_use *u = region_use(r);
    *own = u && u->depth == 0;
    if (!u || (*own && !region_enter(u)))
        return NULL;
    region_lock(u, &r->header->root_lock);
    return u;
}

static void unlock(struct region_use *u, bool own)
{
    region_unlock(&u->region->header->root_lock);
    if (own)
        region_exit(u);
}

/* What the root is for is stored before its state says that it is there. */
static struct region_root *make(const gc_region *r, struct region_root *root,
                                const char *name)
{
    if (!root) {
        region_fail(ENOSPC, "%s: there are %d roots already", r->name, REGION_ROOTS);
        return NULL;
    }
    memset(root->name, 0, sizeof root->name);
    strncpy(root->name, name, GC_REGION_NAME_MOST);
    CRASH_POINT("root make: named");
    root->object = 0;
    __atomic_store_n(&root->state, root->state + 1, __ATOMIC_RELEASE);
    CRASH_POINT("root make: there");
    return root;
}

static struct region_root *find_or_make(const gc_region *r, const char *name)
{
    uint64_t state;
    struct region_root *free = NULL, *root = find(r, name, &state, &free);
    return root ? root : make(r, free, name);
}

int gc_region_root_set(gc_region *r, const char *name, void *object)
{
    bool own;
    struct region_use *u = region_is_open(r) && is_name(r, name) ? lock(r, &own) : NULL;
    if (!u)
        return -1;
    bool good = is_object(r, object);
    struct region_root *root = good ? find_or_make(r, name) : NULL;
    if (root)
        __atomic_store_n(&root->object, gc_region_offset(r, object), __ATOMIC_RELEASE);
    unlock(u, own);
    return root ? 0 : -1;
}

int gc_region_root_swap(gc_region *r, const char *name, void **expected, void *object)
{
    bool own;
    bool possible = region_is_open(r) && is_name(r, name) &&
                    region_is_given(expected, "gc_region_root_swap: expected");
    struct region_use *u = possible ? lock(r, &own) : NULL;
    if (!u)
        return -1;
    int swapped = -1;
    struct region_root *root = is_object(r, object) ? find_or_make(r, name) : NULL;
    if (root) {
        void *now = object_of(r, root);
        swapped = now == *expected;
        *expected = now;
        if (swapped)
            __atomic_store_n(&root->object, gc_region_offset(r, object),
                             __ATOMIC_RELEASE);
    }
    unlock(u, own);
    return swapped;
}

int gc_region_root_remove(gc_region *r, const char *name)
{
    bool own;
    uint64_t state;
    struct region_use *u = region_is_open(r) && is_name(r, name) ? lock(r, &own) : NULL;
    if (!u)
        return -1;
    struct region_root *root = find(r, name, &state, NULL);
    CRASH_POINT("root remove");
    if (root)
        __atomic_store_n(&root->state, state + 1, __ATOMIC_RELEASE);
    unlock(u, own);
    return root ? 0 : region_fail(ENOENT, "%s: there is no root \"%s\"", r->name, name);
}

/* ---- Reading them --------------------------------------------------------------------------------- */

/* The object is the root's if that was there before and after. */
static bool read_root(const gc_region *r, const struct region_root *root, uint64_t state,
                      void **object)
{
    *object = object_of(r, root);
    return state_of(root) == state;
}

void *gc_region_root_get(gc_region *r, const char *name)
{
    void *object = NULL;
    uint64_t state;
    const struct region_root *root;
    if (!region_may_look(r) || !is_name(r, name))
        return NULL;
    do
        root = find(r, name, &state, NULL);
    while (root && !read_root(r, root, state, &object));
    if (!root)
        region_fail(ENOENT, "%s: there is no root \"%s\"", r->name, name);
    return root ? object : NULL;
}

int gc_region_root_list(gc_region *r,
                        int (*visit)(const char *name, void *object, void *data),
                        void *data)
{
    if (!region_may_look(r) || !region_is_given(visit, "gc_region_root_list: visit") ||
        !region_is_whole(r))
        return -1;
    for (uint32_t i = 0; i < REGION_ROOTS; i++) {
        const struct region_root *root = &r->roots[i];
        uint64_t state = state_of(root); /* before its name */
        struct region_root copy = *root;
        void *object;
        copy.name[GC_REGION_NAME_MOST] = '\0';
        if (!is_there(state) || !read_root(r, root, state, &object))
            continue;
        int result = visit(copy.name, object, data);
        if (result)
            return result;
    }
    return 0;
}

/* ---- In a collection ------------------------------------------------------------------------------- */

/* One whose object was freed leads to nothing, and not to what comes there next. */
void region_mark_roots(const gc_region *r, struct marker *m)
{
    for (uint32_t i = 0; i < REGION_ROOTS; i++) {
        struct region_root *root = &r->roots[i];
        if (!is_there(root->state))
            continue;
        uintptr_t word = (uintptr_t)object_of(r, root);
        if (word)
            marker_scan_roots(m, (uintptr_t)&word, (uintptr_t)(&word + 1));
        else
            root->object = 0;
    }
}

unsigned region_count_roots(const gc_region *r)
{
    unsigned count = 0;
    for (uint32_t i = 0; i < REGION_ROOTS; i++)
        count += is_there(state_of(&r->roots[i]));
    return count;
}

bool region_roots_are_sound(const gc_region *r)
{
    for (uint32_t i = 0; i < REGION_ROOTS; i++) {
        const struct region_root *root = &r->roots[i];
        struct cell o;
        if (is_there(root->state) &&
            (!memchr(root->name, 0, sizeof root->name) || !root->name[0] ||
             (root->object &&
              !region_object_at(r, gc_region_pointer(r, root->object), &o))))
            return false;
    }
    return true;
}
