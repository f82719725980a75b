/* Clang and others write no table from addresses to units, and libdw has no other way than to
 * ask each: where it finds none, one is made here from what the units say of themselves, once
 * for each module.  Where memory runs out there are fewer units. */
#include "report/units.h"

#include <stdlib.h>

#include "base/bits.h"
#include "base/meta.h"
#include "report/libdw.h"

struct range {
    Dwarf_Addr low, high; /* as the unit has them, without the bias */
    Dwarf_Addr end;       /* where all that begin no later have ended */
    Dwarf_Die unit;
};

struct units {
    struct units *next;
    Dwfl_Module *module;
    Dwarf_Addr bias;
    struct range *list;
    size_t count, capacity;
};

static struct units *tables PRIVATE_DATA;

static int by_low(const void *a, const void *b)
{
    const struct range *x = a, *y = b;
    return (x->low > y->low) - (x->low < y->low);
}

static void add(struct units *t, const struct range *r)
{
    struct range *list = meta_grow(t->list, t->count, &t->capacity, sizeof *list);
    if (!list)
        return;
    t->list = list;
    list[t->count++] = *r;
}

static void add_ranges(struct units *t, Dwarf_Die *unit)
{
    struct range r = {.unit = *unit};
    Dwarf_Addr base;
    ptrdiff_t at = 0;
    while ((at = dw.dwarf_ranges(unit, at, &base, &r.low, &r.high)) > 0)
        if (r.low < r.high)
            add(t, &r);
}

static void fill(struct units *t)
{
    Dwarf_Die *unit = NULL;
    while ((unit = dw.dwfl_module_nextcu(t->module, unit, &t->bias)))
        add_ranges(t, unit);
    if (t->count)
        qsort(t->list, t->count, sizeof *t->list, by_low);
    for (size_t i = 0; i < t->count; i++)
        t->list[i].end = max_size(t->list[i].high, i ? t->list[i - 1].end : 0);
}

static struct units *table_of(Dwfl_Module *module)
{
    struct units *t = tables;
    while (t && t->module != module)
        t = t->next;
    if (t || !(t = meta_alloc(sizeof *t)))
        return t;
    t->module = module;
    t->next = tables;
    tables = t;
    fill(t);
    return t;
}

static size_t count_up_to(const struct units *t, Dwarf_Addr address)
{
    size_t low = 0, high = t->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (t->list[middle].low <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

Dwarf_Die *units_find(Dwfl_Module *module, Dwarf_Addr address, Dwarf_Addr *bias)
{
    Dwarf_Die *unit = dw.dwfl_module_addrdie(module, address, bias);
    struct units *t = unit ? NULL : table_of(module);
    if (!t)
        return unit;
    *bias = t->bias;
    address -= t->bias;
    for (size_t i = count_up_to(t, address); i-- && t->list[i].end > address;)
        if (address < t->list[i].high)
            return &t->list[i].unit;
    return NULL;
}

void units_forget(void)
{
    for (struct units *t = tables, *next; t; t = next) {
        next = t->next;
        meta_free(t->list, t->capacity * sizeof *t->list);
        meta_free(t, sizeof *t);
    }
    tables = NULL;
}
