/* Clang and others write no table from addresses to units, and libdw has no other way than to
 * ask each: where it finds none, one is made here from what the units say of themselves, once
 * for each module.  Where memory runs out there are fewer units. */
#include "report/units.h"

#include "base/bits.h"
#include "base/lock.h"
#include "report/intervals.h"
#include "report/libdw.h"

struct range {
    struct interval code; /* as the unit has it, without the bias */
    Dwarf_Die unit;
};

struct units {
    struct intervals sorted;
    Dwarf_Addr bias;
};

static struct intervals *tables PRIVATE_DATA;

static int by_low(const void *a, const void *b)
{
    const struct interval *x = a, *y = b;
    return (x->low > y->low) - (x->low < y->low);
}

static void add_ranges(struct intervals *t, Dwarf_Die *unit)
{
    struct range r = {.unit = *unit};
    Dwarf_Addr base;
    ptrdiff_t at = 0;
    while ((at = dw.dwarf_ranges(unit, at, &base, &r.code.low, &r.code.high)) > 0)
        if (r.code.low < r.code.high)
            intervals_add(t, &r);
}

static void fill(struct intervals *t)
{
    Dwarf_Die *unit = NULL;
    while ((unit = dw.dwfl_module_nextcu(t->module, unit, &((struct units *)t)->bias)))
        add_ranges(t, unit);
    intervals_sort(t, by_low);
}

Dwarf_Die *units_find(Dwfl_Module *module, Dwarf_Addr address, Dwarf_Addr *bias)
{
    lock_check_held(RANK_REPORT);
    Dwarf_Die *unit = dw.dwfl_module_addrdie(module, address, bias);
    const struct units *t =
        unit ? NULL
             : (const struct units *)intervals_of(&tables, module, sizeof(struct units),
                                                  sizeof(struct range), fill);
    if (!t)
        return unit;
    *bias = t->bias;
    struct range *found =
        (struct range *)(void *)intervals_find(&t->sorted, address - t->bias);
    return found ? &found->unit : NULL;
}

void units_forget(void)
{
    lock_check_held(RANK_REPORT);
    intervals_forget(&tables, sizeof(struct units));
}

void units_abandon(void)
{
    tables = NULL;
}
