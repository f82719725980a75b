/* Errors as the standard wants them, and arguments that are checked. */
#include "prolog.h"

static term text(const char *name)
{
    return atom(atom_of(name));
}

_Noreturn void throw_error(term formal)
{
    throw_term(structure(atoms.error, 2, (term[]){formal, variable()}));
}

static _Noreturn void throw_formal(const char *name, size_t count, const term *args)
{
    throw_error(structure(atom_of(name), count, args));
}

_Noreturn void type_error(const char *type, term culprit)
{
    throw_formal("type_error", 2, (term[]){text(type), culprit});
}

_Noreturn void domain_error(const char *domain, term culprit)
{
    throw_formal("domain_error", 2, (term[]){text(domain), culprit});
}

_Noreturn void instantiation_error(void)
{
    throw_error(text("instantiation_error"));
}

_Noreturn void existence_error(const char *kind, term culprit)
{
    throw_formal("existence_error", 2, (term[]){text(kind), culprit});
}

_Noreturn void permission_error(const char *action, const char *type, term culprit)
{
    throw_formal("permission_error", 3, (term[]){text(action), text(type), culprit});
}

_Noreturn void representation_error(const char *limit)
{
    throw_formal("representation_error", 1, (term[]){text(limit)});
}

_Noreturn void evaluation_error(const char *what)
{
    throw_formal("evaluation_error", 1, (term[]){text(what)});
}

_Noreturn void resource_error(const char *resource)
{
    throw_formal("resource_error", 1, (term[]){text(resource)});
}

term want_bound(term t)
{
    t = deref(t);
    if (tag_of(t) == REFERENCE)
        instantiation_error();
    return t;
}

int64_t want_integer(term t)
{
    t = want_bound(t);
    if (!is_integer(t))
        type_error("integer", t);
    if (tag_of(t) != INTEGER)
        resource_error("memory");
    return integer_of(t);
}

struct atom *want_atom(term t)
{
    t = want_bound(t);
    if (tag_of(t) != ATOM)
        type_error("atom", t);
    return atom_at(t);
}

term want_callable(term t)
{
    t = want_bound(t);
    if (!is_callable(t))
        type_error("callable", t);
    return t;
}
