/* Which code is the dynamic loader's.
 *
 * What it allocates it keeps, in places that are no roots: its own first memory, the control
 * blocks of threads that have ended.  None of that is a leak of the program's. */
#ifndef GCALLOC_REPORT_LOADER_H
#define GCALLOC_REPORT_LOADER_H

#include <stdbool.h>
#include <stdint.h>

/* Asks the loader where it is; before a pause. */
void loader_look(void);

/* Whether the address is in the loader's code.  Where the loader is also the C library,
 * as musl's, no address is: the C library allocates for the program. */
bool loader_has(uintptr_t address);

#endif
