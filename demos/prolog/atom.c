/* Atoms and functors.  A weak map has the atoms by their text: one that no term, clause or
 * predicate has any more goes. */
#include "prolog.h"

#include <string.h>

#include <gcalloc/weakmap.h>

struct atoms atoms;
struct kept_atom *kept_atoms;

static gc_weakmap *table;

static uint64_t hash_of(const void *key, void *data)
{
    (void)data;
    return ((const struct atom *)key)->hash;
}

static int same_text(const void *one, const void *other, void *data)
{
    const struct atom *a = one, *b = other;
    (void)data;
    return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

struct atom *atom_of_bytes(const char *text, size_t length)
{
    struct atom *a = allocate(sizeof *a);
    uint64_t hash = 0xcbf29ce484222325;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3;
    a->text = allocate_atomic(length + 1);
    memcpy(a->text, text, length);
    a->text[length] = '\0';
    a->length = length;
    a->hash = hash;
    return check_memory(gc_weakmap_intern(table, a));
}

struct atom *atom_of(const char *text)
{
    return atom_of_bytes(text, strlen(text));
}

struct functor *functor_of(struct atom *name, size_t arity)
{
    struct functor *f = name->functors;
    while (f && f->arity != arity)
        f = f->next;
    if (f)
        return f;
    f = allocate(sizeof *f);
    f->name = name;
    f->arity = arity;
    f->next = name->functors;
    return name->functors = f;
}

void atom_keep(struct atom *a)
{
    struct kept_atom *k = kept_atoms;
    while (k && k->atom != a)
        k = k->next;
    if (k)
        return;
    k = allocate(sizeof *k);
    k->atom = a;
    k->next = kept_atoms;
    kept_atoms = k;
}

size_t atoms_count(void)
{
    return gc_weakmap_count(table);
}

#define ATOM_INIT(name, text) atoms.name = atom_of(text);

void atoms_init(void)
{
    table = check_memory(gc_weakmap_new(GC_WEAK_KEYS, hash_of, same_text, NULL));
    ATOMS(ATOM_INIT)
}
