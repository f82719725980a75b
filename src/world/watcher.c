/* ThreadSanitizer's code is found by the name of its shared library, GCC's libtsan.so.  Clang
 * links it into the program, where it cannot be told from the rest. */
#include "world/watcher.h"

#include <string.h>

#include "base/bits.h"
#include "base/code.h"

/* Where the code lies; constant once the program's constructors run. */
static struct code code PRIVATE_DATA;

UNWATCHED bool watcher_contains(uintptr_t address)
{
    return address >= code.low && address < code.high;
}

static int look_at(struct dl_phdr_info *object, size_t bytes, void *argument)
{
    (void)bytes;
    (void)argument;
    if (!strstr(object->dlpi_name, "tsan"))
        return 0;
    code = code_of(object);
    return 1;
}

__attribute__((constructor)) static void find_code(void)
{
    if (GC_TSAN)
        dl_iterate_phdr(look_at, NULL);
}
