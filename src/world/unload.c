/* dlclose, in front of the C library's: what was recorded of a library outlives it.  The
 * file is part of the shared libraries only, as a program that is linked statically
 * unloads nothing.  The C library unloads what it loaded itself without this function;
 * trace/modules.c finds that out later. */
#include <dlfcn.h>

#include "trace/modules.h"
#include "world/next.h"

#ifdef PIC /* libtool's: not for the static library */

static __typeof__(&dlclose) next_close(void)
{
    return NEXT(dlclose, NO_FALLBACK(dlclose));
}

EXPORTED int dlclose(void *library)
{
    modules_closing();
    int result = next_close()(library);
    modules_closed();
    return result;
}

#endif
