/* The end of a process whose invariants are broken. */
#include "base/check.h"

#include <stdlib.h>

#include "base/log.h"

void check_failed(const char *condition, const char *file, int line)
{
    log_line("%s:%d: broken invariant: %s", file, line, condition);
    log_let_go();
    abort();
}
