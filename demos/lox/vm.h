/* The machine: a stack of values, and one of calls. */
#ifndef LOX_VM_H
#define LOX_VM_H

#include "object.h"

enum result { RESULT_OK, RESULT_COMPILE_ERROR, RESULT_RUNTIME_ERROR };

/* Once, before everything else.  false: no memory. */
bool vm_begin(void);

/* Compiles and runs the source.  Global variables stay from one call to the next. */
enum result vm_interpret(const char *source);

/* For natives: reports a run-time error with the calls that led to it; the result of the native. */
value vm_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
