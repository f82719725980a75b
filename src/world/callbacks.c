/* dl_iterate_phdr, in front of the C library's: its callbacks have one of the loader's
 * locks and must not wait for the others, as starting a thread does.  The file is part of
 * the shared libraries only: in a program that is linked statically as a whole nobody
 * else has those locks, and there is no other function of this name; where only this
 * library is linked so, see docs/limits.md. */
#include <link.h>

#include "world/next.h"
#include "world/own.h"

#ifdef PIC /* libtool's: not for the static library */

static __typeof__(&dl_iterate_phdr) next_iterate(void)
{
    return NEXT(dl_iterate_phdr, NO_FALLBACK(dl_iterate_phdr));
}

EXPORTED int dl_iterate_phdr(int (*callback)(struct dl_phdr_info *, size_t, void *),
                             void *data)
{
    own_callbacks++;
    int result = next_iterate()(callback, data);
    own_callbacks--;
    return result;
}

#endif
