/* A table for each module.  Where memory runs out, libdw is asked. */
#include "report/functions.h"

#include "base/bits.h"
#include "base/lock.h"
#include "report/intervals.h"
#include "report/libdw.h"

struct function {
    struct interval code; /* an empty one: a label of an assembler */
    const char *name;
    unsigned rank; /* of several names for the same thing the first counts */
};

struct functions {
    struct intervals sorted;
    bool complete; /* false: libdw has to be asked */
};

static struct intervals *tables PRIVATE_DATA;

static int compare(GElf_Addr a, GElf_Addr b)
{
    return (a > b) - (a < b);
}

/* The larger of several names for one address comes last, and so is found first. */
static int by_start(const void *a, const void *b)
{
    const struct function *x = a, *y = b;
    int starts = compare(x->code.low, y->code.low);
    int ranks = compare(y->rank, x->rank);
    return starts ? starts : ranks;
}

/* As libdw prefers them: with a size, global, weak, local, the first in the file's table. */
static unsigned rank_of(const GElf_Sym *symbol, int number)
{
    unsigned binding = GELF_ST_BIND(symbol->st_info);
    unsigned order = binding == STB_GLOBAL ? 0 : binding == STB_WEAK ? 1 : 2;
    unsigned place = (unsigned)number;
    return (symbol->st_size ? 0U : 1U << 31) | order << 29 | (place & ~(7U << 29));
}

static bool is_code_or_data(const GElf_Sym *symbol)
{
    unsigned type = GELF_ST_TYPE(symbol->st_info);
    return type != STT_SECTION && type != STT_FILE && type != STT_TLS &&
           symbol->st_shndx != SHN_UNDEF;
}

static bool add(struct intervals *t, int number)
{
    GElf_Sym symbol;
    GElf_Addr start;
    const char *name =
        dw.dwfl_module_getsym_info(t->module, number, &symbol, &start, NULL, NULL, NULL);
    if (!name || !name[0] || !is_code_or_data(&symbol))
        return true;
    struct function f = {
        .code = {.low = start, .high = start + symbol.st_size},
        .name = name,
        .rank = rank_of(&symbol, number),
    };
    return intervals_add(t, &f);
}

static void fill(struct intervals *t)
{
    bool *complete = &((struct functions *)t)->complete;
    int count = dw.dwfl_module_getsymtab(t->module);
    *complete = count >= 0;
    for (int i = 1; i < count && *complete; i++)
        *complete = add(t, i);
    intervals_sort(t, by_start);
}

/* NULL: libdw has to be asked. */
static const struct intervals *table_of(Dwfl_Module *module)
{
    const struct functions *t =
        (const struct functions *)intervals_of(&tables, module, sizeof(struct functions),
                                               sizeof(struct function), fill);
    return t && t->complete ? &t->sorted : NULL;
}

/* A label counts where no function has ended behind it, and it is in the same section, which
 * libdw knows. */
const char *functions_find(Dwfl_Module *module, GElf_Addr address)
{
    lock_check_held(RANK_REPORT);
    const struct intervals *t = table_of(module);
    if (!t)
        return dw.dwfl_module_addrname(module, address);
    const struct interval *found = intervals_find(t, address);
    if (found)
        return ((const struct function *)found)->name;
    const struct interval *last = intervals_last(t, address);
    bool is_label = last && last->low == last->high && last->low >= last->reach;
    return is_label ? dw.dwfl_module_addrname(module, address) : NULL;
}

bool functions_begin(Dwfl_Module *module, GElf_Addr address, GElf_Addr *begin)
{
    const struct intervals *t = table_of(module);
    const struct interval *found = t ? intervals_find(t, address) : NULL;
    if (found)
        *begin = found->low;
    return found;
}

bool functions_known(Dwfl_Module *module)
{
    lock_check_held(RANK_REPORT);
    return table_of(module);
}

void functions_forget(void)
{
    lock_check_held(RANK_REPORT);
    intervals_forget(&tables, sizeof(struct functions));
}

void functions_abandon(void)
{
    tables = NULL;
}
