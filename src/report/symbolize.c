#include "report/symbolize.h"

#include <dlfcn.h>
#include <dwarf.h>
#include <elfutils/libdwelf.h>
#include <elfutils/libdwfl.h>
#include <limits.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/meta.h"
#include "base/os.h"
#include "base/sys.h"
#include "report/debugfile.h"
#include "report/strings.h"
#include "report/unloaded.h"
#include "trace/modules.h"

#ifdef RTLD_DEEPBIND
enum { BINDS_DEEPLY = RTLD_DEEPBIND };
#else
enum { BINDS_DEEPLY = 0 };
#endif

enum {
    KNOWN_LEAST = 1024, /* slots for answers */
};

/* The functions of libdw that are used here. */
#define LIBDW_FUNCTIONS(X)      \
    X(dwfl_begin)               \
    X(dwfl_end)                 \
    X(dwfl_linux_proc_report)   \
    X(dwfl_linux_proc_find_elf) \
    X(dwfl_report_begin_add)    \
    X(dwfl_report_elf)          \
    X(dwfl_report_end)          \
    X(dwfl_module_build_id)     \
    X(dwelf_elf_begin)          \
    X(dwelf_elf_gnu_build_id)   \
    X(elf_end)                  \
    X(dwfl_addrmodule)          \
    X(dwfl_module_addrname)     \
    X(dwfl_module_addrdie)      \
    X(dwfl_module_nextcu)       \
    X(dwarf_haspc)              \
    X(dwarf_getsrc_die)         \
    X(dwarf_linesrc)            \
    X(dwarf_lineno)             \
    X(dwarf_getscopes)          \
    X(dwarf_getscopes_die)      \
    X(dwarf_diename)            \
    X(dwarf_tag)                \
    X(dwarf_attr)               \
    X(dwarf_formudata)          \
    X(dwarf_getsrcfiles)        \
    X(dwarf_filesrc)

#define LIBDW_POINTER(name) __typeof__(name) *name;
static struct {
    bool tried, loaded;
    Dwfl *dwfl;     /* what is loaded */
    Dwfl *unloaded; /* what is not any more, each at an address of its own */
    LIBDW_FUNCTIONS(LIBDW_POINTER)
} dw PRIVATE_DATA;

static Dwfl_Callbacks callbacks PRIVATE_DATA;

static int has_loader(struct dl_phdr_info *program, size_t size, void *argument)
{
    (void)size;
    bool *found = argument;
    for (int i = 0; i < program->dlpi_phnum; i++)
        *found |= program->dlpi_phdr[i].p_type == PT_INTERP;
    return 1; /* the program comes first */
}

static const char network_variable[] = "DEBUGINFOD_URLS=";

/* libdw's constructor loads a client of the network, and with it libraries that the program
 * may have its own versions of, if this variable is set.  Puts another string in its place. */
static char *replace_variable(const char *from, char *to)
{
    for (char **v = environ; v && *v; v++)
        if (strncmp(*v, from, strlen(from)) == 0) {
            char *before = *v;
            __atomic_store_n(v, to, __ATOMIC_RELAXED);
            return before;
        }
    return NULL;
}

/* A thread that reads the environment meanwhile finds all of its other variables; one that
 * changes it may copy it: so the string to be put back is looked for. */
static void *open_offline(const char *name, int flags)
{
    static char hidden[] = "GCALLOC_HIDES_DEBUGINFOD=";
    char *before = replace_variable(network_variable, hidden);
    void *library = dlopen(name, flags);
    if (before)
        replace_variable(hidden, before);
    return library;
}

static bool is_loaded(const char *name)
{
    void *library = dlopen(name, RTLD_LAZY | RTLD_LOCAL | RTLD_NOLOAD);
    if (library)
        dlclose(library);
    return library;
}

/* The C library's own functions, such as strdup, allocate by the program's malloc, and libdw
 * frees what they return. */
static bool malloc_is_the_c_librarys(void)
{
    void *library = dlopen("libc.so.6", RTLD_LAZY | RTLD_LOCAL | RTLD_NOLOAD);
    if (!library)
        return false;
    bool same = dlsym(library, "malloc") == dlsym(RTLD_DEFAULT, "malloc");
    dlclose(library);
    return same;
}

/* libdw uses libraries of its own rather than the program's, unless it is bound to them
 * already.  Sanitizers refuse the flag. */
static int binding(void)
{
    bool apart = malloc_is_the_c_librarys() && !is_loaded("libdw.so.1") &&
                 !is_loaded("libelf.so.1") &&
                 !dlsym(RTLD_DEFAULT, "__sanitizer_report_error_summary");
    return apart ? BINDS_DEEPLY : 0;
}

/* A program that is linked statically cannot load libraries safely, and one with privileges
 * has no need to. */
static bool load(void)
{
    bool dynamic = false;
    dl_iterate_phdr(has_loader, &dynamic);
    void *library = dynamic && !getauxval(AT_SECURE)
                        ? open_offline("libdw.so.1", RTLD_LAZY | RTLD_LOCAL | binding())
                        : NULL;
    if (!library)
        return false;
#define LIBDW_LOAD(name)                                  \
    dw.name = (__typeof__(dw.name))dlsym(library, #name); \
    if (!dw.name)                                         \
        return false;
    LIBDW_FUNCTIONS(LIBDW_LOAD)
    return true;
}

struct build_id {
    const unsigned char *bytes;
    int count; /* not above 0: there is none */
};

/* Where the module has no build-id, any file of the right name is taken that is one. */
static bool has_build_id(int file, void *argument)
{
    const struct build_id *wanted = argument;
    const void *bytes;
    Elf *elf = dw.dwelf_elf_begin(file);
    if (!elf)
        return false;
    ssize_t count = dw.dwelf_elf_gnu_build_id(elf, &bytes);
    bool fits = wanted->count <= 0 || (count == wanted->count &&
                                       memcmp(bytes, wanted->bytes, (size_t)count) == 0);
    dw.elf_end(elf);
    return fits;
}

/* libdw's own search asks the network. */
static int find_debuginfo(Dwfl_Module *module, void **data, const char *name,
                          Dwarf_Addr base, const char *path, const char *link,
                          GElf_Word checksum, char **found)
{
    struct build_id id = {NULL, 0};
    GElf_Addr at;
    (void)data, (void)name, (void)base, (void)checksum, (void)found;
    id.count = dw.dwfl_module_build_id(module, &id.bytes, &at);
    return debugfile_open(path, id.count > 0 ? id.bytes : NULL, (size_t)id.count, link,
                          has_build_id, &id);
}

static void close_process(void)
{
    if (dw.dwfl)
        dw.dwfl_end(dw.dwfl);
    if (dw.unloaded)
        dw.dwfl_end(dw.unloaded);
    dw.dwfl = dw.unloaded = NULL;
}

static bool open_library(void)
{
    if (!dw.tried) {
        dw.tried = true;
        dw.loaded = load();
        callbacks.find_elf = dw.dwfl_linux_proc_find_elf;
        callbacks.find_debuginfo = find_debuginfo;
    }
    return dw.loaded;
}

/* What is loaded in this process now. */
static bool open_process(void)
{
    if (dw.dwfl)
        return true;
    if (!open_library())
        return false;
    dw.dwfl = dw.dwfl_begin(&callbacks);
    if (dw.dwfl && dw.dwfl_linux_proc_report(dw.dwfl, getpid()) == 0 &&
        dw.dwfl_report_end(dw.dwfl, NULL, NULL) == 0)
        return true;
    close_process();
    return false;
}

/* A number of a debugging entry; -1: it has none. */
static int number_of(Dwarf_Die *die, unsigned attribute)
{
    Dwarf_Attribute a;
    Dwarf_Word n;
    if (!dw.dwarf_attr(die, attribute, &a) || dw.dwarf_formudata(&a, &n) != 0)
        return -1;
    return (int)n;
}

/* The file that an inlined call stands in. */
static const char *call_file(Dwarf_Die *unit, Dwarf_Die *die)
{
    Dwarf_Files *files;
    size_t count;
    int file = number_of(die, DW_AT_call_file);
    if (file < 0 || dw.dwarf_getsrcfiles(unit, &files, &count) != 0 ||
        (size_t)file >= count)
        return NULL;
    const char *path = dw.dwarf_filesrc(files, (size_t)file, NULL, NULL);
    return path && path[0] != '?' ? path : NULL; /* there is no file 0 before DWARF 5 */
}

/* The unit of debugging information around the address.  clang writes no table of them:
 * then each is asked. */
static Dwarf_Die *find_unit(Dwfl_Module *module, Dwarf_Addr address, Dwarf_Addr *bias)
{
    Dwarf_Die *unit = dw.dwfl_module_addrdie(module, address, bias);
    if (unit)
        return unit;
    do
        unit = dw.dwfl_module_nextcu(module, unit, bias);
    while (unit && dw.dwarf_haspc(unit, address - *bias) != 1);
    return unit;
}

/* The functions inlined at the address, innermost first.  Afterwards *s is the place in
 * the function that all of them are in. */
static void visit_inlined(Dwarf_Die *unit, Dwarf_Addr address, struct symbol *s,
                          void (*visit)(void *argument, const struct symbol *s),
                          void *argument)
{
    Dwarf_Die *scopes = NULL, *parents = NULL;
    int found = dw.dwarf_getscopes(unit, address, &scopes);
    int count = found > 0 ? dw.dwarf_getscopes_die(&scopes[0], &parents) : 0;
    for (int i = 0; i < count; i++) {
        if (dw.dwarf_tag(&parents[i]) == DW_TAG_subprogram)
            break;
        if (dw.dwarf_tag(&parents[i]) != DW_TAG_inlined_subroutine)
            continue;
        struct symbol inner = *s;
        inner.function = dw.dwarf_diename(&parents[i]);
        inner.inlined = true;
        visit(argument, &inner);
        s->file = call_file(unit, &parents[i]);
        int line = number_of(&parents[i], DW_AT_call_line);
        s->line = line > 0 ? line : 0;
    }
    free(parents);
    free(scopes);
}

/* By libdw. */
static void describe(Dwfl *dwfl, uintptr_t address, struct symbol *s,
                     void (*visit)(void *argument, const struct symbol *s),
                     void *argument)
{
    Dwfl_Module *module = dw.dwfl_addrmodule(dwfl, address);
    if (!module)
        return;
    Dwarf_Addr bias;
    Dwarf_Die *unit = find_unit(module, address, &bias);
    Dwarf_Line *line = unit ? dw.dwarf_getsrc_die(unit, address - bias) : NULL;
    if (line) {
        s->file = dw.dwarf_linesrc(line, NULL, NULL);
        dw.dwarf_lineno(line, &s->line);
    }
    if (unit)
        visit_inlined(unit, address - bias, s, visit, argument);
    const char *name = dw.dwfl_module_addrname(module, address);
    if (name)
        s->function = name;
}

/* Where an unloaded module lies for libdw: other than in the process, no two overlap. */
static uintptr_t place_of(uint16_t number)
{
    return (uintptr_t)number << 44;
}

/* The file of an unloaded module.  false: it is not there, or another by now. */
static bool open_unloaded(uint16_t number, const struct module *m, const char *path)
{
    uintptr_t place = place_of(number);
    if (!open_library() || (!dw.unloaded && !(dw.unloaded = dw.dwfl_begin(&callbacks))))
        return false;
    if (dw.dwfl_addrmodule(dw.unloaded, place + (m->low - m->base)))
        return true;
    int file = unloaded_open(m, path);
    if (file < 0)
        return false;
    dw.dwfl_report_begin_add(dw.unloaded);
    bool added = dw.dwfl_report_elf(dw.unloaded, path, path, file, place, true);
    if (!added)
        sys_close(file);
    return dw.dwfl_report_end(dw.unloaded, NULL, NULL) == 0 && added;
}

static void look_up_unloaded(struct place p, const struct module *m,
                             void (*visit)(void *argument, const struct symbol *s),
                             void *argument)
{
    char path[PATH_MAX];
    struct symbol s = {.module = m->name,
                       .offset = p.return_address - align_down(m->low, os_page_bytes()),
                       .unloaded = true};
    if (unloaded_path(m, path, sizeof path) && open_unloaded(p.module, m, path))
        describe(dw.unloaded, p.return_address - 1 - m->base + place_of(p.module), &s,
                 visit, argument);
    visit(argument, &s);
}

/* The function around the return address, and before it those that are inlined there. */
static void look_up(struct place p, void (*visit)(void *argument, const struct symbol *s),
                    void *argument)
{
    uintptr_t address = p.return_address - 1; /* inside the call */
    struct symbol s = {.offset = p.return_address};
    struct module m;
    Dl_info info;
    if (p.module == MODULE_LOST)
        return visit(argument, &s);
    if (module_get(p.module, &m) && !m.loaded)
        return look_up_unloaded(p, &m, visit, argument);
    if (dladdr((void *)address, &info)) {
        s.function = info.dli_sname;
        s.module = info.dli_fname;
        s.offset = p.return_address - (uintptr_t)info.dli_fbase;
    }
    if (open_process())
        describe(dw.dwfl, address, &s, visit, argument);
    visit(argument, &s);
}

/* What look_up said of a place. */
struct answer {
    struct place place;  /* a return address of 0: there is none in this slot */
    size_t first, count; /* among the symbols */
};

/* Answers of this report: stacks have most of their frames in common.  A hash table, open
 * addressing, at most half full.  Under the lock of reports. */
static struct {
    struct answer *answers;
    size_t slots, count; /* slots: 0 or a power of two */
    struct symbol *symbols;
    size_t symbol_count, symbol_capacity;
    struct strings strings;
    bool incomplete; /* memory ran out in the answer that is being written */
} known PRIVATE_DATA;

static bool is_at(const struct answer *a, struct place p)
{
    return a->place.return_address == p.return_address && a->place.module == p.module;
}

static struct answer *slot_of(struct answer *answers, size_t slots, struct place p)
{
    uint64_t key = p.return_address ^ (uint64_t)p.module << 48;
    size_t at = key * UINT64_C(0x9e3779b97f4a7c15) >> 32 & (slots - 1);
    while (answers[at].place.return_address && !is_at(&answers[at], p))
        at = (at + 1) & (slots - 1);
    return &answers[at];
}

static bool grow_known(void)
{
    size_t slots = max_size(2 * known.slots, KNOWN_LEAST);
    struct answer *answers = meta_alloc(slots * sizeof *answers);
    if (!answers)
        return false;
    for (size_t i = 0; i < known.slots; i++) {
        const struct answer *a = &known.answers[i];
        if (a->place.return_address)
            *slot_of(answers, slots, a->place) = *a;
    }
    if (known.answers)
        meta_free(known.answers, known.slots * sizeof *answers);
    known.answers = answers;
    known.slots = slots;
    return true;
}

static void forget_known(void)
{
    if (known.answers)
        meta_free(known.answers, known.slots * sizeof *known.answers);
    if (known.symbols)
        meta_free(known.symbols, known.symbol_capacity * sizeof *known.symbols);
    strings_clear(&known.strings);
    memset(&known, 0, sizeof known);
}

static void keep_symbol(void *argument, const struct symbol *s)
{
    (void)argument;
    struct symbol *symbols = meta_grow(known.symbols, known.symbol_count,
                                       &known.symbol_capacity, sizeof *symbols);
    if (!symbols) {
        known.incomplete = true;
        return;
    }
    known.symbols = symbols;
    struct symbol *kept = &symbols[known.symbol_count++];
    *kept = *s;
    kept->function = strings_keep(&known.strings, s->function);
    kept->module = strings_keep(&known.strings, s->module);
}

/* The answer for an address that is not 0; NULL: there is no memory to keep it. */
static const struct answer *answer_for(struct place p)
{
    if (2 * (known.count + 1) > known.slots && !grow_known())
        return NULL;
    struct answer *a = slot_of(known.answers, known.slots, p);
    if (a->place.return_address)
        return a;
    size_t first = known.symbol_count;
    known.incomplete = false;
    look_up(p, keep_symbol, NULL);
    if (known.incomplete) {
        known.symbol_count = first;
        return NULL;
    }
    *a = (struct answer){p, first, known.symbol_count - first};
    known.count++;
    return a;
}

void symbolize_place(struct place p,
                     void (*visit)(void *argument, const struct symbol *s),
                     void *argument)
{
    const struct answer *a = p.return_address ? answer_for(p) : NULL;
    if (!a)
        return look_up(p, visit, argument);
    for (size_t i = 0; i < a->count; i++)
        visit(argument, &known.symbols[a->first + i]);
}

void symbolize_end(void)
{
    forget_known();
    close_process();
}
