/* elfutils' libdw, as far as reports use it.
 *
 * It is loaded when the first report needs it, and stays.  Under the lock of reports. */
#ifndef GCALLOC_REPORT_LIBDW_H
#define GCALLOC_REPORT_LIBDW_H

#include <elfutils/libdwelf.h>
#include <elfutils/libdwfl.h>
#include <stdbool.h>

#include "base/bits.h"

#define LIBDW_FUNCTIONS(X)          \
    X(dwfl_begin)                   \
    X(dwfl_end)                     \
    X(dwfl_linux_proc_report)       \
    X(dwfl_linux_proc_find_elf)     \
    X(dwfl_report_begin_add)        \
    X(dwfl_report_elf)              \
    X(dwfl_report_end)              \
    X(dwfl_module_build_id)         \
    X(dwfl_module_getdwarf)         \
    X(dwfl_module_getsymtab)        \
    X(dwfl_module_getsym_info)      \
    X(dwelf_dwarf_gnu_debugaltlink) \
    X(dwelf_elf_begin)              \
    X(dwelf_elf_gnu_build_id)       \
    X(elf_end)                      \
    X(dwfl_addrmodule)              \
    X(dwfl_module_addrname)         \
    X(dwfl_module_addrdie)          \
    X(dwfl_module_nextcu)           \
    X(dwarf_ranges)                 \
    X(dwarf_getsrc_die)             \
    X(dwarf_linesrc)                \
    X(dwarf_lineno)                 \
    X(dwarf_child)                  \
    X(dwarf_siblingof)              \
    X(dwarf_haspc)                  \
    X(dwarf_diename)                \
    X(dwarf_tag)                    \
    X(dwarf_attr)                   \
    X(dwarf_attr_integrate)         \
    X(dwarf_formstring)             \
    X(dwarf_formudata)              \
    X(dwarf_getsrcfiles)            \
    X(dwarf_filesrc)

#define LIBDW_POINTER(name) __typeof__(name) *name;
struct libdw {
    bool tried, loaded;
    LIBDW_FUNCTIONS(LIBDW_POINTER)
};

SHARED_DATA struct libdw dw;

/* false: it is not there, or must not be loaded. */
bool libdw_load(void);

#endif
