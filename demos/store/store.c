#include "store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tree.h"

enum { TRIES = 1000 };

#define ROOT "store"
#define LIMIT ((size_t)1 << 30)

struct version {
    uint64_t number;
    size_t documents;
    const struct node *tree;
};

static const char *own_error; /* NULL: the library's */

const char *store_error(void)
{
    return own_error ? own_error : gc_region_error();
}

static bool fail(const char *error)
{
    own_error = error;
    return false;
}

gc_region *store_open(const char *path)
{
    return gc_region_create(path, LIMIT, GC_REGION_FILE, 0);
}

/* ---- Changes ---------------------------------------------------------------------------------------- */

/* The version that follows, or the old one if nothing changes; or the maker has failed. */
typedef const struct version *next_version(struct tree_maker *m,
                                           const struct version *old, const char *key,
                                           const struct document *document);

static const struct version *new_version(struct tree_maker *m, const struct version *old,
                                         const struct node *tree, size_t documents)
{
    struct version *v = m->failed ? NULL : gc_region_alloc(m->region, sizeof *v);
    m->failed = !v;
    if (v)
        *v = (struct version){old ? old->number + 1 : 1, documents, tree};
    return v;
}

static const struct version *version_with(struct tree_maker *m, const struct version *old,
                                          const char *key,
                                          const struct document *document)
{
    const struct node *tree = old ? old->tree : NULL;
    size_t documents = old ? old->documents : 0;
    return new_version(m, old, tree_with(m, tree, key, document),
                       documents + !tree_find(tree, key));
}

static const struct version *version_without(struct tree_maker *m,
                                             const struct version *old, const char *key,
                                             const struct document *unused)
{
    (void)unused;
    if (!old || !tree_find(old->tree, key))
        return old;
    return new_version(m, old, tree_without(m, old->tree, key), old->documents - 1);
}

struct change {
    next_version *next;
    const char *key;
    const void *bytes; /* of the document; NULL: there is none */
    size_t size;
    uint64_t version; /* that has it */
    bool changed;     /* the version is a new one */
};

/* Whoever else was quicker has made another version: this one is made anew, from that. */
static bool publish(struct tree_maker *m, struct change *c,
                    const struct document *document)
{
    void *old = gc_region_root_get(m->region, ROOT);
    const struct version *made;
    int swapped = 1;
    do {
        made = c->next(m, old, c->key, document);
        if (m->failed)
            return false;
        c->changed = made != old;
        if (c->changed)
            swapped = gc_region_root_swap(m->region, ROOT, &old, (void *)(uintptr_t)made);
    } while (!swapped);
    c->version = made ? made->number : 0;
    return swapped > 0;
}

static bool try_change(gc_region *store, struct change *c)
{
    struct tree_maker m = {store, false};
    if (gc_region_begin(store) != 0)
        return false;
    const struct document *document =
        c->bytes ? document_new(&m, c->bytes, c->size) : NULL;
    bool done = !m.failed && publish(&m, c, document);
    int error = errno;
    gc_region_end(store);
    errno = error;
    return done;
}

/* Where there is no room, and another process collects already, that one may wait for the bracket to end. */
static bool change(gc_region *store, struct change *c)
{
    struct timespec pause = {.tv_nsec = 1000000};
    own_error = NULL;
    bool done = try_change(store, c);
    for (int i = 0; !done && (errno == EBUSY || errno == ETIMEDOUT) && i < TRIES; i++) {
        nanosleep(&pause, NULL);
        done = try_change(store, c);
    }
    return done;
}

bool store_put(gc_region *store, const char *key, const void *bytes, size_t size,
               uint64_t *version)
{
    struct change c = {.next = version_with, .key = key, .bytes = bytes, .size = size};
    bool done = change(store, &c);
    *version = c.version;
    return done;
}

bool store_delete(gc_region *store, const char *key, uint64_t *version, bool *found)
{
    struct change c = {.next = version_without, .key = key};
    bool done = change(store, &c);
    *version = c.version;
    *found = c.changed;
    return done;
}

/* ---- Looking ---------------------------------------------------------------------------------------- */

/* NULL: no memory, or the document is not what was put. */
static char *copy_document(const struct document *d)
{
    if (!document_is_sound(d))
        return fail("a document is damaged: its checksum is not right"), NULL;
    char *copy = malloc(d->size + 1);
    if (!copy)
        return fail("no memory"), NULL;
    memcpy(copy, d->bytes, d->size);
    copy[d->size] = '\0';
    return copy;
}

bool store_get(gc_region *store, const char *key, char **bytes, size_t *size)
{
    own_error = NULL;
    *bytes = NULL;
    if (gc_region_begin(store) != 0)
        return false;
    const struct version *v = gc_region_root_get(store, ROOT);
    const struct document *d = v ? tree_find(v->tree, key) : NULL;
    if (d) {
        *bytes = copy_document(d);
        *size = d->size;
    }
    gc_region_end(store);
    return !d || *bytes;
}

static void add_item(const char *key, const struct document *d, void *data)
{
    struct store_list *list = data;
    struct store_item *item = &list->items[list->count];
    *item = (struct store_item){strdup(key), copy_document(d), d->size};
    list->count += item->key && item->bytes;
}

static bool fill_list(const struct version *v, struct store_list *list)
{
    list->version = v->number;
    list->items = calloc(v->documents + 1, sizeof *list->items);
    if (!list->items)
        return fail("no memory");
    tree_visit(v->tree, add_item, list);
    return list->count == v->documents;
}

bool store_list(gc_region *store, struct store_list *list)
{
    *list = (struct store_list){0};
    own_error = NULL;
    if (gc_region_begin(store) != 0)
        return false;
    const struct version *v = gc_region_root_get(store, ROOT);
    bool good = !v || fill_list(v, list);
    gc_region_end(store);
    return good;
}

void store_free_list(struct store_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].key);
        free(list->items[i].bytes);
    }
    free(list->items);
}
