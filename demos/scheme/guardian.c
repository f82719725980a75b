/* Guardians, as Chez Scheme has them: what is registered with one is handed out after nothing else has
 * it any more.  Here are the primitives; make-guardian, in prelude.c, makes a procedure of them.  What
 * the collector never takes away (fixnums, characters, constants) is accepted and never handed out. */
#include "primitive.h"

#include <gcalloc/finalizer.h>

/* A pair has no header to tell it from other objects by, once its tag is gone: so these have a guardian
 * of their own. */
struct guardian {
    struct object object;
    gc_guardian *pairs, *others;
};

static gc_guardian *new_guardian(void)
{
    gc_guardian *g = gc_guardian_new();
    if (!g)
        fail_memory();
    return g;
}

PRIMITIVE(p_guardian_new)
{
    struct guardian *g = allocate_object(sizeof *g, TYPE_GUARDIAN);
    g->pairs = new_guardian();
    g->others = new_guardian();
    return &g->object;
}

PRIMITIVE(p_guardian_add)
{
    struct guardian *g = (struct guardian *)want(args[0], TYPE_GUARDIAN);
    int status = 0;
    if (is_pair(args[1]))
        status = gc_guardian_add(g->pairs, pair_of(args[1]));
    else if ((bits(args[1]) & 7) == 0)
        status = gc_guardian_add(g->others, args[1]);
    if (status)
        fail_memory();
    return UNSPECIFIED;
}

/* The next one, or #f. */
PRIMITIVE(p_guardian_get)
{
    struct guardian *g = (struct guardian *)want(args[0], TYPE_GUARDIAN);
    value other = gc_guardian_get(g->others);
    if (other)
        return other;
    struct pair *pair = gc_guardian_get(g->pairs);
    return pair ? (value)((uintptr_t)pair + PAIR_TAG) : FALSE;
}

static const struct definition definitions[] = {
    {"%guardian-new", p_guardian_new, 0, 0},
    {"%guardian-add", p_guardian_add, 2, 2},
    {"%guardian-get", p_guardian_get, 1, 1},
};

void define_guardians(void)
{
    DEFINE_PRIMITIVES(definitions);
}
