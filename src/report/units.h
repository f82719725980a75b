/* The units of debugging information of a program or library, by the addresses of their code.
 * Under the lock of reports. */
#ifndef GCALLOC_REPORT_UNITS_H
#define GCALLOC_REPORT_UNITS_H

#include <elfutils/libdwfl.h>

/* The unit around the address, and what is to be taken off addresses in it; NULL: none. */
Dwarf_Die *units_find(Dwfl_Module *module, Dwarf_Addr address, Dwarf_Addr *bias);

/* Before libdw forgets its modules. */
void units_forget(void);

/* In the child of a fork, whose parent may have been at it: leaves everything where it is. */
void units_abandon(void);

#endif
