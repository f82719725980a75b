/* The names of the functions of a program or library, by address.
 *
 * libdw looks through all symbols for each address; here they are sorted once.  What is kept
 * are libdw's own strings.  Under the lock of reports. */
#ifndef GCALLOC_REPORT_FUNCTIONS_H
#define GCALLOC_REPORT_FUNCTIONS_H

#include <elfutils/libdwfl.h>
#include <stdbool.h>

/* The function or variable around the address, as dwfl_module_addrname has it; NULL: there
 * is none. */
const char *functions_find(Dwfl_Module *module, GElf_Addr address);

/* Whether the module has a table of symbols that could be read. */
bool functions_known(Dwfl_Module *module);

/* Where the function or variable begins that functions_find names; false: that is not known. */
bool functions_begin(Dwfl_Module *module, GElf_Addr address, GElf_Addr *begin);

/* Before libdw forgets its modules. */
void functions_forget(void);

/* In the child of a fork, whose parent may have been at it: leaves everything where it is. */
void functions_abandon(void);

#endif
