/* The machine, from outside. */
#ifndef LOX_VM_H
#define LOX_VM_H

#include "object.h"

enum result { RESULT_OK, RESULT_COMPILE_ERROR, RESULT_RUNTIME_ERROR };

/* Once, before everything else.  false: no memory. */
bool vm_begin(void);

/* Compiles and runs the source.  Global variables stay from one call to the next.  `echoes`: expressions that
 * are statements of their own print their value. */
enum result vm_interpret(const char *source, bool echoes);

/* What runs now, or next, soon ends in an error.  A signal handler may call it. */
void vm_interrupt(void);

#endif
