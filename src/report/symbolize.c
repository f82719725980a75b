#include "report/symbolize.h"

#include <dlfcn.h>
#include <dwarf.h>
#include <elfutils/libdwfl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"

/* The functions of libdw that are used here. */
#define LIBDW_FUNCTIONS(X)          \
    X(dwfl_begin)                   \
    X(dwfl_end)                     \
    X(dwfl_linux_proc_report)       \
    X(dwfl_linux_proc_find_elf)     \
    X(dwfl_report_end)              \
    X(dwfl_standard_find_debuginfo) \
    X(dwfl_addrmodule)              \
    X(dwfl_module_addrname)         \
    X(dwfl_module_addrdie)          \
    X(dwfl_module_getsrc)           \
    X(dwfl_lineinfo)                \
    X(dwarf_getscopes)              \
    X(dwarf_getscopes_die)          \
    X(dwarf_diename)                \
    X(dwarf_tag)                    \
    X(dwarf_attr)                   \
    X(dwarf_formudata)              \
    X(dwarf_getsrcfiles)            \
    X(dwarf_filesrc)

#define LIBDW_POINTER(name) __typeof__(name) *name;
static struct {
    bool tried, loaded;
    Dwfl *dwfl;
    LIBDW_FUNCTIONS(LIBDW_POINTER)
} dw PRIVATE_DATA;

static char *debuginfo_path PRIVATE_DATA;

static Dwfl_Callbacks callbacks PRIVATE_DATA;

static bool load(void)
{
    void *library = dlopen("libdw.so.1", RTLD_LAZY | RTLD_LOCAL);
    if (!library)
        return false;
#define LIBDW_LOAD(name)                                  \
    dw.name = (__typeof__(dw.name))dlsym(library, #name); \
    if (!dw.name)                                         \
        return false;
    LIBDW_FUNCTIONS(LIBDW_LOAD)
    return true;
}

/* What is loaded in this process now. */
static bool open_process(void)
{
    if (dw.dwfl)
        return true;
    if (!dw.tried) {
        dw.tried = true;
        dw.loaded = load();
    }
    if (!dw.loaded)
        return false;
    callbacks.find_elf = dw.dwfl_linux_proc_find_elf;
    callbacks.find_debuginfo = dw.dwfl_standard_find_debuginfo;
    callbacks.debuginfo_path = &debuginfo_path;
    dw.dwfl = dw.dwfl_begin(&callbacks);
    if (dw.dwfl && dw.dwfl_linux_proc_report(dw.dwfl, getpid()) == 0 &&
        dw.dwfl_report_end(dw.dwfl, NULL, NULL) == 0)
        return true;
    symbolize_end();
    return false;
}

void symbolize_end(void)
{
    if (dw.dwfl)
        dw.dwfl_end(dw.dwfl);
    dw.dwfl = NULL;
}

/* A number of a debugging entry; 0: it has none. */
static int number_of(Dwarf_Die *die, unsigned attribute)
{
    Dwarf_Attribute a;
    Dwarf_Word n;
    if (!dw.dwarf_attr(die, attribute, &a) || dw.dwarf_formudata(&a, &n) != 0)
        return 0;
    return (int)n;
}

/* The file that an inlined call stands in. */
static const char *call_file(Dwarf_Die *unit, Dwarf_Die *die)
{
    Dwarf_Files *files;
    size_t count;
    int file = number_of(die, DW_AT_call_file);
    if (!file || dw.dwarf_getsrcfiles(unit, &files, &count) != 0 || (size_t)file >= count)
        return NULL;
    return dw.dwarf_filesrc(files, (size_t)file, NULL, NULL);
}

/* The functions inlined at the address, innermost first.  Afterwards *s is the place in
 * the function that all of them are in. */
static void visit_inlined(Dwfl_Module *module, Dwarf_Addr address, struct symbol *s,
                          void (*visit)(void *argument, const struct symbol *s),
                          void *argument)
{
    Dwarf_Addr bias;
    Dwarf_Die *scopes = NULL, *parents = NULL;
    Dwarf_Die *unit = dw.dwfl_module_addrdie(module, address, &bias);
    int found = unit ? dw.dwarf_getscopes(unit, address - bias, &scopes) : 0;
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
        s->line = number_of(&parents[i], DW_AT_call_line);
    }
    free(parents);
    free(scopes);
}

/* By libdw. */
static void describe(uintptr_t address, struct symbol *s,
                     void (*visit)(void *argument, const struct symbol *s),
                     void *argument)
{
    Dwfl_Module *module = dw.dwfl_addrmodule(dw.dwfl, address);
    if (!module)
        return;
    Dwfl_Line *line = dw.dwfl_module_getsrc(module, address);
    if (line)
        s->file = dw.dwfl_lineinfo(line, NULL, &s->line, NULL, NULL, NULL);
    visit_inlined(module, address, s, visit, argument);
    const char *name = dw.dwfl_module_addrname(module, address);
    if (name)
        s->function = name;
}

void symbolize(uintptr_t return_address,
               void (*visit)(void *argument, const struct symbol *s), void *argument)
{
    uintptr_t address = return_address - 1; /* inside the call */
    struct symbol s = {.offset = return_address};
    Dl_info info;
    if (dladdr((void *)address, &info)) {
        s.function = info.dli_sname;
        s.module = info.dli_fname;
        s.offset = return_address - (uintptr_t)info.dli_fbase;
    }
    if (open_process())
        describe(address, &s, visit, argument);
    visit(argument, &s);
}

bool symbolize_own(uintptr_t return_address)
{
    Dl_info info, own;
    if (!dladdr((void *)(return_address - 1), &info) ||
        !dladdr((void *)(uintptr_t)symbolize_own, &own))
        return false;
    if (info.dli_fbase != own.dli_fbase)
        return false;
    /* Linked statically, the program is the same object: then the name tells. */
    bool shared = strstr(own.dli_fname, "libgcalloc") != NULL;
    return shared || (info.dli_sname && strncmp(info.dli_sname, "gc_", 3) == 0);
}
