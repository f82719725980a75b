/* Call frame instructions (DWARF 4, section 6.4), as far as compilers emit them: run up to an
 * address in a function, they say where its frame keeps the caller's registers.  Of those only
 * the frame pointer and the return address are followed; where an instruction is not known,
 * nothing is. x86-64. */
#ifndef GCALLOC_TRACE_CFI_H
#define GCALLOC_TRACE_CFI_H

#include <stdbool.h>
#include <stdint.h>

#include "trace/reader.h"

enum {
    CFI_BP = 6, /* numbers of registers */
    CFI_SP = 7,
    CFI_RA = 16,
    CFI_STATES_MOST = 8, /* DW_CFA_remember_state */
};

enum saved {
    SAVED_NOT,   /* the register is as in the caller */
    SAVED_AT,    /* at an offset from the CFA */
    SAVED_NEVER, /* there is no value: of the return address, no caller */
    SAVED_OTHER,
};

struct cfi_rule {
    enum saved saved;
    int64_t offset;
};

struct cfi_row {
    uint64_t cfa_register; /* 0: an expression */
    int64_t cfa_offset;
    struct cfi_rule bp, ra;
};

struct cfi {
    struct cfi_row row, initial;
    struct cfi_row states[CFI_STATES_MOST];
    unsigned remembered;
    uint64_t code_align;
    int64_t data_align;
    uint64_t location, target; /* from the function's start */
    bool unknown;              /* an instruction that is not known */
};

/* Runs instructions up to the row of the target. */
void cfi_run(struct cfi *p, struct reader r);

#endif
