/* By elfutils' libdw, which looks for separate debugging information by build-id and link, and asks debuginfod where
 * DEBUGINFOD_URLS is set. */
#include "symbols.h"

#include <dlfcn.h>
#include <dwarf.h>
#include <elfutils/libdwelf.h>
#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "demangle.h"
#include "report/scope.h"

enum {
    PLACE_SHIFT = 44
}; /* each module has so much address space of its own for libdw */

struct looked_up {
    bool tried;
    Dwfl_Module *module; /* NULL: its file tells nothing */
    const char *complaint;
    struct function *functions; /* by address */
    size_t function_count, function_room;
};

struct function {
    GElf_Addr begin, end;
    const char *name;
};

/* The answer for a frame. */
struct answer {
    struct frame frame;
    size_t first, count; /* among the symbols; 0 symbols: there is none in this slot */
};

struct symbolizer {
    const struct recording *recording;
    Dwfl *dwfl;
    struct looked_up *modules;
    size_t module_count, module_room; /* a recording that goes on may have more by now */
    struct answer *answers;           /* open addressing, at most half full */
    size_t answer_count, answer_slots;
    struct symbol **symbols; /* in pages, so that they stay where they are */
    size_t symbol_count, page_room;
};

enum { PAGE_SYMBOLS = 256 };

static char *debug_path;
static const Dwfl_Callbacks callbacks = {
    .find_elf = dwfl_build_id_find_elf,
    .find_debuginfo = dwfl_standard_find_debuginfo,
    .debuginfo_path = &debug_path,
};

struct symbolizer *symbolizer_new(const struct recording *r)
{
    struct symbolizer *s = calloc(1, sizeof *s);
    if (s) {
        s->recording = r;
        s->dwfl = dwfl_begin(&callbacks);
        s->module_count = s->module_room = r->module_count + 1;
        s->modules = calloc(s->module_count, sizeof *s->modules);
        s->answer_slots = 1024;
        s->answers = calloc(s->answer_slots, sizeof *s->answers);
    }
    if (!s || !s->modules || !s->answers)
        exit(fail(FAILED, "out of memory"));
    return s;
}

void symbolizer_free(struct symbolizer *s)
{
    for (size_t i = 0; i < s->module_count; i++)
        free(s->modules[i].functions);
    if (s->dwfl)
        dwfl_end(s->dwfl);
    for (size_t i = 0; i * PAGE_SYMBOLS < s->symbol_count; i++)
        free(s->symbols[i]);
    free(s->symbols);
    free(s->modules);
    free(s->answers);
    free(s);
}

const char *symbolizer_complaint(const struct symbolizer *s, size_t module)
{
    return s->modules[module].complaint;
}

/* ---- Modules ------------------------------------------------------------------------- */

static bool has_id(int file, const struct module *m)
{
    const void *id;
    Elf *elf = dwelf_elf_begin(file);
    if (!elf)
        return false;
    ssize_t count = dwelf_elf_gnu_build_id(elf, &id);
    bool fits = m->id_bytes == 0 ||
                (count == (ssize_t)m->id_bytes && memcmp(id, m->id, m->id_bytes) == 0);
    elf_end(elf);
    return fits;
}

/* libdw keeps the descriptor. */
static void report_module(struct symbolizer *s, size_t i)
{
    const struct module *m = &s->recording->modules[i];
    struct looked_up *l = &s->modules[i];
    int file = s->dwfl ? open(m->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) : -1;
    if (file < 0) {
        l->complaint = "its file is not there";
        return;
    }
    if (!has_id(file, m)) {
        l->complaint = "its file is another by now";
        close(file);
        return;
    }
    dwfl_report_begin_add(s->dwfl);
    l->module = dwfl_report_elf(s->dwfl, m->path, m->path, file,
                                (GElf_Addr)(i + 1) << PLACE_SHIFT, true);
    if (!l->module)
        close(file);
    if (dwfl_report_end(s->dwfl, NULL, NULL) != 0)
        l->module = NULL;
    if (!l->module)
        l->complaint = "its file cannot be read";
}

static int by_address(const void *a, const void *b)
{
    const struct function *x = a, *y = b;
    int begins = (x->begin > y->begin) - (x->begin < y->begin);
    return begins ? begins : (y->end > x->end) - (y->end < x->end);
}

/* libdw goes through all names for each address. */
static void list_functions(struct looked_up *l)
{
    int count = l->module ? dwfl_module_getsymtab(l->module) : 0;
    for (int i = 1; i < count; i++) {
        GElf_Sym symbol;
        GElf_Addr begin;
        const char *name =
            dwfl_module_getsym_info(l->module, i, &symbol, &begin, NULL, NULL, NULL);
        unsigned type = GELF_ST_TYPE(symbol.st_info);
        if (!name || !*name || symbol.st_shndx == SHN_UNDEF ||
            (type != STT_FUNC && type != STT_GNU_IFUNC && type != STT_NOTYPE) ||
            symbol.st_size == 0)
            continue;
        l->functions = grown(l->functions, l->function_count, &l->function_room,
                             sizeof *l->functions);
        l->functions[l->function_count++] =
            (struct function){begin, begin + symbol.st_size, name};
    }
    if (l->function_count)
        qsort(l->functions, l->function_count, sizeof *l->functions, by_address);
}

static const char *find_function(const struct looked_up *l, GElf_Addr address)
{
    size_t low = 0, high = l->function_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (l->functions[middle].begin <= address)
            low = middle + 1;
        else
            high = middle;
    }
    for (size_t i = low; i > 0 && low - i < 8; i--)
        if (address < l->functions[i - 1].end)
            return l->functions[i - 1].name;
    return l->module ? dwfl_module_addrname(l->module, address) : NULL;
}

static struct looked_up *module_at(struct symbolizer *s, size_t i)
{
    while (i >= s->module_count) {
        s->modules =
            grown(s->modules, s->module_count, &s->module_room, sizeof *s->modules);
        s->modules[s->module_count++] = (struct looked_up){0};
    }
    struct looked_up *l = &s->modules[i];
    if (!l->tried) {
        l->tried = true;
        report_module(s, i);
        list_functions(l);
    }
    return l;
}

/* ---- Symbols -------------------------------------------------------------------------- */

static struct symbol *add_symbol(struct symbolizer *s)
{
    size_t page = s->symbol_count / PAGE_SYMBOLS, at = s->symbol_count % PAGE_SYMBOLS;
    if (at == 0) {
        s->symbols = grown(s->symbols, page, &s->page_room, sizeof *s->symbols);
        s->symbols[page] = calloc(PAGE_SYMBOLS, sizeof **s->symbols);
        if (!s->symbols[page])
            exit(fail(FAILED, "out of memory"));
    }
    s->symbol_count++;
    return &s->symbols[page][at];
}

/* An address that is looked up in its unit. */
struct inquiry {
    struct symbol found[64]; /* innermost first */
    size_t count;
    Dwarf_Die *unit;
    Dwarf_Addr address;
    const char *file; /* of the place in the function that has not been told yet */
    int line;
};

static void tell(struct inquiry *q, const char *function, bool inlined)
{
    if (q->count < sizeof q->found / sizeof *q->found)
        q->found[q->count++] = (struct symbol){function, q->file, q->line, true, inlined};
}

static int number_of(Dwarf_Die *die, unsigned attribute)
{
    Dwarf_Attribute a;
    Dwarf_Word n;
    if (!dwarf_attr(die, attribute, &a) || dwarf_formudata(&a, &n) != 0)
        return -1;
    return (int)n;
}

/* The place of the call that was inlined. */
static void go_to_call(struct inquiry *q, Dwarf_Die *die)
{
    Dwarf_Files *files;
    size_t count;
    int file = number_of(die, DW_AT_call_file), line = number_of(die, DW_AT_call_line);
    q->file = NULL;
    if (file >= 0 && dwarf_getsrcfiles(q->unit, &files, &count) == 0 &&
        (size_t)file < count)
        q->file = dwarf_filesrc(files, (size_t)file, NULL, NULL);
    q->line = line > 0 ? line : 0;
}

/* With its name spaces and types, where the language has such. */
static const char *name_of(Dwarf_Die *die)
{
    Dwarf_Attribute a;
    const char *name = NULL;
    if (dwarf_attr_integrate(die, DW_AT_linkage_name, &a))
        name = dwarf_formstring(&a);
    return name ? demangle(name) : dwarf_diename(die);
}

/* As src/report/symbolize.c does it: dwarf_getscopes finds nothing where what is inlined is described in
 * another unit, and nothing in a namespace.  false: the address is in nothing below the parent. */
static bool tell_inlined(struct inquiry *q, Dwarf_Die *parent)
{
    Dwarf_Die die;
    for (int end = dwarf_child(parent, &die); end == 0;
         end = dwarf_siblingof(&die, &die)) {
        int tag = dwarf_tag(&die);
        if (tag == DW_TAG_inlined_subroutine && dwarf_haspc(&die, q->address) > 0) {
            tell_inlined(q, &die);
            const char *name = name_of(&die);
            tell(q, name ? name : "??", true);
            go_to_call(q, &die);
            return true;
        }
        if (scope_may_hold_functions(tag) &&
            (tell_inlined(q, &die) || dwarf_haspc(&die, q->address) > 0))
            return true;
    }
    return false;
}

/* Clang writes no table from addresses to units: then each is asked. */
static Dwarf_Die *find_unit(Dwfl_Module *module, GElf_Addr address, Dwarf_Addr *bias)
{
    Dwarf_Die *unit = dwfl_module_addrdie(module, address, bias);
    if (unit)
        return unit;
    while ((unit = dwfl_module_nextcu(module, unit, bias)))
        if (dwarf_haspc(unit, address - *bias) > 0)
            return unit;
    return NULL;
}

/* Where there is no name. */
static const char *name_by_number(const struct recording *r, const struct frame *f)
{
    char *name;
    const char *module = f->module ? last_part(r->modules[f->module - 1].path) : "??";
    if (asprintf(&name, "%s+0x%llx", module, (unsigned long long)f->address) < 0)
        exit(fail(FAILED, "out of memory"));
    return name;
}

static void look_up(struct symbolizer *s, const struct frame *f, struct inquiry *q)
{
    struct looked_up *l = f->module ? module_at(s, f->module - 1) : NULL;
    const char *name = NULL;
    if (l && l->module) {
        /* inside the call */
        GElf_Addr address = ((GElf_Addr)f->module << PLACE_SHIFT) + f->address - 1;
        Dwarf_Addr bias;
        q->unit = find_unit(l->module, address, &bias);
        Dwarf_Line *line = q->unit ? dwarf_getsrc_die(q->unit, address - bias) : NULL;
        if (line) {
            q->file = dwarf_linesrc(line, NULL, NULL);
            dwarf_lineno(line, &q->line);
        }
        q->address = q->unit ? address - bias : 0;
        if (q->unit)
            tell_inlined(q, q->unit);
        name = find_function(l, address);
    }
    if (name)
        tell(q, demangle(name), false);
    else
        tell(q, name_by_number(s->recording, f), false);
    q->found[q->count - 1].known = name;
}

/* ---- Answers -------------------------------------------------------------------------- */

static struct answer *slot_of(struct answer *answers, size_t slots, const struct frame *f)
{
    uint64_t key = f->address ^ (uint64_t)f->module << 48;
    size_t at = key * UINT64_C(0x9e3779b97f4a7c15) >> 32 & (slots - 1);
    while (answers[at].count && (answers[at].frame.address != f->address ||
                                 answers[at].frame.module != f->module))
        at = (at + 1) & (slots - 1);
    return &answers[at];
}

static void grow_answers(struct symbolizer *s)
{
    size_t slots = 2 * s->answer_slots;
    struct answer *larger = calloc(slots, sizeof *larger);
    if (!larger)
        exit(fail(FAILED, "out of memory"));
    for (size_t i = 0; i < s->answer_slots; i++)
        if (s->answers[i].count)
            *slot_of(larger, slots, &s->answers[i].frame) = s->answers[i];
    free(s->answers);
    s->answers = larger;
    s->answer_slots = slots;
}

/* The symbols of a frame lie in one page. */
static size_t keep(struct symbolizer *s, const struct inquiry *q)
{
    while (s->symbol_count % PAGE_SYMBOLS + q->count > PAGE_SYMBOLS)
        s->symbol_count++;
    size_t first = s->symbol_count;
    for (size_t i = 0; i < q->count; i++)
        *add_symbol(s) = q->found[i];
    return first;
}

struct symbols symbolize(struct symbolizer *s, const struct frame *f)
{
    if (2 * (s->answer_count + 1) > s->answer_slots)
        grow_answers(s);
    struct answer *a = slot_of(s->answers, s->answer_slots, f);
    if (!a->count) {
        struct inquiry q = {.count = 0};
        look_up(s, f, &q);
        *a = (struct answer){*f, keep(s, &q), q.count};
        s->answer_count++;
    }
    return (struct symbols){&s->symbols[a->first / PAGE_SYMBOLS][a->first % PAGE_SYMBOLS],
                            a->count};
}

const char *symbolize_variable(struct symbolizer *s, const struct frame *f,
                               uint64_t *offset)
{
    struct looked_up *l = f->module ? module_at(s, f->module - 1) : NULL;
    GElf_Addr address = ((GElf_Addr)f->module << PLACE_SHIFT) + f->address;
    GElf_Sym symbol;
    const char *name = l && l->module ? dwfl_module_addrinfo(l->module, address, offset,
                                                             &symbol, NULL, NULL, NULL)
                                      : NULL;
    return name && *name ? demangle(name) : NULL;
}
