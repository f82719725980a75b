/* Asks libdw or the dynamic loader about an address, once in a report (report/answers.h).
 * Which frames of a stack are shown is for symbolize_stack.c to say.  Under the lock of
 * reports: no answer outlives the modules of libdw that it came from. */
#include "report/symbolize.h"

#include <dlfcn.h>
#include <dwarf.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/lock.h"
#include "base/meta.h"
#include "base/os.h"
#include "base/sys.h"
#include "report/answers.h"
#include "report/debugfile.h"
#include "report/functions.h"
#include "report/libdw.h"
#include "report/loaded.h"
#include "report/origin.h"
#include "report/scope.h"
#include "report/units.h"
#include "report/unloaded.h"
#include "trace/modules.h"

/* What is loaded, and what is not any more, each at an address of its own; NULL: not looked at
 * yet. */
static Dwfl *process PRIVATE_DATA, *unloaded PRIVATE_DATA;
static bool process_fails PRIVATE_DATA; /* it was looked at in vain, for this report */

static Dwfl_Callbacks callbacks PRIVATE_DATA;

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

static struct debugfile wanted_file(const char *path, const char *link,
                                    struct build_id *id)
{
    return (struct debugfile){
        .module = path,
        .link = link,
        .id = id->bytes,
        .id_bytes = id->count > 0 ? (size_t)id->count : 0,
        .fits = has_build_id,
        .argument = id,
    };
}

/* The file that the module's debugging information, which lies in `path`, has in common with
 * that of others. */
static int find_common(Dwfl_Module *module, const char *path, const char *link)
{
    Dwarf_Addr bias;
    const char *name;
    const void *bytes = NULL;
    Dwarf *information = dw.dwfl_module_getdwarf(module, &bias);
    ssize_t count =
        information ? dw.dwelf_dwarf_gnu_debugaltlink(information, &name, &bytes) : 0;
    struct build_id id = {bytes, (int)count};
    struct debugfile wanted = wanted_file(path, link, &id);
    return count > 0 ? debugfile_open_common(&wanted) : -1;
}

static int find_own(Dwfl_Module *module, const char *path, const char *link, char **found)
{
    struct build_id id = {NULL, 0};
    char name[PATH_MAX];
    GElf_Addr at;
    id.count = dw.dwfl_module_build_id(module, &id.bytes, &at);
    struct debugfile wanted = wanted_file(path, link, &id);
    int file = debugfile_open(&wanted, name);
    if (file >= 0)
        *found = strdup(name);
    return file;
}

/* libdw's own search asks the network.  For the common file it comes with the debugging
 * information's path, a link and no checksum; what it does in find_common leads here again
 * only if a module's own debug link happens to have the checksum 0. */
static int find_debuginfo(Dwfl_Module *module, void **data, const char *name,
                          Dwarf_Addr base, const char *path, const char *link,
                          GElf_Word checksum, char **found)
{
    static bool inside PRIVATE_DATA;
    (void)data, (void)name, (void)base;
    if (inside || !link || checksum)
        return find_own(module, path, link, found);
    inside = true;
    int file = find_common(module, path, link);
    inside = false;
    return file;
}

static void close_sessions(void)
{
    functions_forget();
    units_forget();
    origins_forget();
    if (process)
        dw.dwfl_end(process);
    if (unloaded)
        dw.dwfl_end(unloaded);
    process = unloaded = NULL;
    process_fails = false;
}

static bool open_library(void)
{
    callbacks.find_elf = libdw_load() ? dw.dwfl_linux_proc_find_elf : NULL;
    callbacks.find_debuginfo = find_debuginfo;
    return callbacks.find_elf;
}

/* Reads what is loaded in this process now. */
static bool open_process(void)
{
    if (process)
        return true;
    if (process_fails || !open_library())
        return false;
    process = dw.dwfl_begin(&callbacks);
    if (process && dw.dwfl_linux_proc_report(process, getpid()) == 0 &&
        dw.dwfl_report_end(process, NULL, NULL) == 0)
        return true;
    if (process)
        dw.dwfl_end(process);
    process = NULL;
    process_fails = true;
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

/* An address that is looked up in its unit. */
struct inquiry {
    Dwarf_Die *unit;
    Dwarf_Addr address;
    struct symbol *s;
    void (*visit)(void *argument, const struct symbol *s);
    void *argument;
};

static bool is_around(Dwarf_Die *die, Dwarf_Addr address)
{
    return dw.dwarf_haspc(die, address) > 0; /* below 0: it has no code */
}

/* With its namespaces and types, where the language has such. */
static const char *name_of(Dwarf_Die *die)
{
    Dwarf_Attribute a;
    const char *name = NULL;
    if (dw.dwarf_attr_integrate(die, DW_AT_linkage_name, &a))
        name = dw.dwarf_formstring(&a);
    return name ? name : dw.dwarf_diename(die);
}

/* Afterwards *s is the place of the call. */
static void visit_call(const struct inquiry *q, Dwarf_Die *inlined)
{
    struct symbol inner = *q->s;
    inner.function = name_of(inlined);
    inner.inlined = true;
    q->visit(q->argument, &inner);
    q->s->file = call_file(q->unit, inlined);
    int line = number_of(inlined, DW_AT_call_line);
    q->s->line = line > 0 ? line : 0;
}

/* The functions inlined at the address, innermost first.  Afterwards *s is the place in
 * the function that all of them are in.  false: the address is in nothing below the parent.
 *
 * libdw's own dwarf_getscopes finds nothing where what is inlined is described in another
 * unit, as with -flto, and nothing in a namespace. */
static bool visit_inlined(const struct inquiry *q, Dwarf_Die *parent)
{
    Dwarf_Die die;
    int end = dw.dwarf_child(parent, &die);
    for (; end == 0; end = dw.dwarf_siblingof(&die, &die)) {
        int tag = dw.dwarf_tag(&die);
        if (tag == DW_TAG_inlined_subroutine && is_around(&die, q->address)) {
            visit_inlined(q, &die);
            visit_call(q, &die);
            return true;
        }
        if (scope_may_hold_functions(tag) &&
            (visit_inlined(q, &die) || is_around(&die, q->address)))
            return true;
    }
    return false;
}

/* Asks libdw for the functions around an address. */
static void describe(Dwfl_Module *module, uintptr_t address, struct symbol *s,
                     void (*visit)(void *argument, const struct symbol *s),
                     void *argument)
{
    Dwarf_Addr bias;
    Dwarf_Die *unit = units_find(module, address, &bias);
    Dwarf_Line *line = unit ? dw.dwarf_getsrc_die(unit, address - bias) : NULL;
    if (line) {
        s->file = dw.dwarf_linesrc(line, NULL, NULL);
        dw.dwarf_lineno(line, &s->line);
    }
    if (unit)
        visit_inlined(&(struct inquiry){unit, address - bias, s, visit, argument}, unit);
    const char *name = functions_find(module, address);
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
    if (!open_library() || (!unloaded && !(unloaded = dw.dwfl_begin(&callbacks))))
        return false;
    if (dw.dwfl_addrmodule(unloaded, place + (m->low - m->base)))
        return true;
    int file = unloaded_open(m, path);
    if (file < 0)
        return false;
    dw.dwfl_report_begin_add(unloaded);
    bool added = dw.dwfl_report_elf(unloaded, path, path, file, place, true);
    if (!added)
        sys_close(file);
    return dw.dwfl_report_end(unloaded, NULL, NULL) == 0 && added;
}

static void look_up_unloaded(struct place p, const struct module *m,
                             void (*visit)(void *argument, const struct symbol *s),
                             void *argument)
{
    char path[PATH_MAX];
    uintptr_t address = p.return_address - 1 - m->base + place_of(p.module);
    struct symbol s = {.module = m->name,
                       .offset = p.return_address - align_down(m->low, os_page_bytes()),
                       .unloaded = true};
    bool opened = module_path(m, path, sizeof path) && open_unloaded(p.module, m, path);
    Dwfl_Module *module = opened ? dw.dwfl_addrmodule(unloaded, address) : NULL;
    if (module)
        describe(module, address, &s, visit, argument);
    visit(argument, &s);
}

/* Asks the dynamic loader, which looks through all names for each address. */
static void ask_loader(uintptr_t return_address, struct symbol *s)
{
    Dl_info info;
    if (!loaded_find((void *)(return_address - 1), &info))
        return;
    s->function = info.dli_sname;
    s->module = info.dli_fname;
    s->offset = return_address - (uintptr_t)info.dli_fbase;
}

static void look_up_loaded(uintptr_t return_address,
                           void (*visit)(void *argument, const struct symbol *s),
                           void *argument)
{
    uintptr_t address = return_address - 1; /* inside the call */
    struct symbol s = {.offset = return_address};
    Dwfl_Module *module = open_process() ? dw.dwfl_addrmodule(process, address) : NULL;
    const struct origin *origin = module ? origin_find(module, address) : NULL;
    if (origin && functions_known(module)) {
        s.module = origin->path;
        s.offset = return_address - origin->base;
    } else {
        ask_loader(return_address, &s);
    }
    if (module)
        describe(module, address, &s, visit, argument);
    visit(argument, &s);
}

/* The function around the return address, and before it those that are inlined there. */
static void look_up(struct place p, void (*visit)(void *argument, const struct symbol *s),
                    void *argument)
{
    struct module m;
    if (p.module == MODULE_LOST)
        visit(argument, &(struct symbol){.offset = p.return_address});
    else if (module_get(p.module, &m) && !m.loaded)
        look_up_unloaded(p, &m, visit, argument);
    else
        look_up_loaded(p.return_address, visit, argument);
}

void symbolize_place(struct place p,
                     void (*visit)(void *argument, const struct symbol *s),
                     void *argument)
{
    const struct answer *a = p.return_address ? answers_find(p, look_up) : NULL;
    if (!a)
        return look_up(p, visit, argument);
    for (size_t i = 0; i < a->count; i++)
        visit(argument, &answers.symbols[a->first + i]);
}

bool symbolize_variable(uintptr_t address, struct variable *v)
{
    Dl_info info = {0};
    GElf_Addr begin;
    if (!loaded_find((void *)address, &info) || !info.dli_fname)
        return false;
    /* What libdw takes for the module need not have all of its variables. */
    uintptr_t base = (uintptr_t)info.dli_fbase;
    Dwfl_Module *module = open_process() ? dw.dwfl_addrmodule(process, base) : NULL;
    *v = (struct variable){.offset = address - base, .module = info.dli_fname};
    if (module && functions_begin(module, address, &begin)) {
        v->name = answers_plain_name(functions_find(module, address));
        v->offset = address - begin;
    } else if (info.dli_sname) {
        v->name = answers_plain_name(info.dli_sname);
        v->offset = address - (uintptr_t)info.dli_saddr;
    }
    return true;
}

void symbolize_end(void)
{
    lock_check_held(RANK_REPORT);
    answers_clear();
    close_sessions();
}

void symbolize_abandon(void)
{
    lock_check_held(RANK_REPORT);
    answers = (struct answers){0};
    functions_abandon();
    units_abandon();
    origins_abandon();
    process = unloaded = NULL;
    process_fails = false;
}
