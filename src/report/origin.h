/* What the dynamic loader calls a program or library, and where it has loaded it.
 * Under the lock of reports. */
#ifndef GCALLOC_REPORT_ORIGIN_H
#define GCALLOC_REPORT_ORIGIN_H

#include <elfutils/libdwfl.h>
#include <stdint.h>

struct origin {
    struct origin *next;
    Dwfl_Module *module;
    uintptr_t base;
    char path[];
};

/* For a module that libdw has found around the address; NULL: the loader does not know it. */
const struct origin *origin_find(Dwfl_Module *module, uintptr_t address);

/* Before libdw forgets its modules. */
void origins_forget(void);

/* In the child of a fork, whose parent may have been at it: leaves everything where it is. */
void origins_abandon(void);

#endif
