/* Where the code of a loaded module lies: the segment of it that may be executed.  The module's
 * program headers alone tell it, so no lock is taken.  Of several such segments the last one
 * counts. */
#ifndef GCALLOC_BASE_CODE_H
#define GCALLOC_BASE_CODE_H

#include <link.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bits.h"

/* The bounds of a module's code; they are equal if it has none. */
struct code {
    uintptr_t low, high;
};

INLINE struct code code_of(const struct dl_phdr_info *module)
{
    struct code code = {0, 0};
    for (size_t i = 0; i < module->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &module->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_X))
            continue;
        code.low = module->dlpi_addr + segment->p_vaddr;
        code.high = code.low + segment->p_memsz;
    }
    return code;
}

#endif
