/* A table for each module, sorted by address.  `end` makes it one search: symbols may lie in
 * each other, and no symbol that begins before the address reaches it where `end` does not.
 * Where memory runs out, libdw is asked. */
#include "report/functions.h"

#include <stdlib.h>

#include "base/bits.h"
#include "base/meta.h"
#include "report/libdw.h"

struct function {
    GElf_Addr start, bytes; /* of 0 bytes: a label of an assembler */
    GElf_Addr end;          /* where all that begin no later have ended */
    const char *name;
    unsigned rank; /* of several names for the same thing the first counts */
};

struct functions {
    struct functions *next;
    Dwfl_Module *module;
    struct function *list;
    size_t count, capacity;
    bool complete; /* false: libdw has to be asked */
};

static struct functions *tables PRIVATE_DATA;

static int compare(GElf_Addr a, GElf_Addr b)
{
    return (a > b) - (a < b);
}

/* The larger of several names for one address comes last, and so is found first. */
static int by_start(const void *a, const void *b)
{
    const struct function *x = a, *y = b;
    int starts = compare(x->start, y->start);
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

static bool add(struct functions *t, int number)
{
    GElf_Sym symbol;
    GElf_Addr start;
    const char *name =
        dw.dwfl_module_getsym_info(t->module, number, &symbol, &start, NULL, NULL, NULL);
    if (!name || !name[0] || !is_code_or_data(&symbol))
        return true;
    struct function *list = meta_grow(t->list, t->count, &t->capacity, sizeof *list);
    if (!list)
        return false;
    t->list = list;
    list[t->count++] = (struct function){
        .start = start,
        .bytes = symbol.st_size,
        .name = name,
        .rank = rank_of(&symbol, number),
    };
    return true;
}

static void sort(struct functions *t)
{
    GElf_Addr end = 0;
    if (t->count)
        qsort(t->list, t->count, sizeof *t->list, by_start);
    for (size_t i = 0; i < t->count; i++) {
        struct function *f = &t->list[i];
        if (f->bytes)
            end = max_size(end, f->start + f->bytes);
        f->end = end;
    }
}

static void fill(struct functions *t)
{
    int count = dw.dwfl_module_getsymtab(t->module);
    t->complete = count >= 0;
    for (int i = 1; i < count && t->complete; i++)
        t->complete = add(t, i);
    sort(t);
}

static struct functions *table_of(Dwfl_Module *module)
{
    struct functions *t = tables;
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

/* How many begin no later than the address. */
static size_t count_up_to(const struct functions *t, GElf_Addr address)
{
    size_t low = 0, high = t->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (t->list[middle].start <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* A label counts where no function has ended behind it, and it is in the same section, which
 * libdw knows. */
const char *functions_find(Dwfl_Module *module, GElf_Addr address)
{
    const struct functions *t = table_of(module);
    if (!t || !t->complete)
        return dw.dwfl_module_addrname(module, address);
    size_t count = count_up_to(t, address);
    for (size_t i = count; i-- && t->list[i].end > address;)
        if (address - t->list[i].start < t->list[i].bytes)
            return t->list[i].name;
    const struct function *last = count ? &t->list[count - 1] : NULL;
    bool is_label = last && !last->bytes && last->start >= last->end;
    return is_label ? dw.dwfl_module_addrname(module, address) : NULL;
}

bool functions_known(Dwfl_Module *module)
{
    const struct functions *t = table_of(module);
    return t && t->complete;
}

void functions_forget(void)
{
    for (struct functions *t = tables, *next; t; t = next) {
        next = t->next;
        meta_free(t->list, t->capacity * sizeof *t->list);
        meta_free(t, sizeof *t);
    }
    tables = NULL;
}
