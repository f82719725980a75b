/* A caller's library is found by its address, as the C library finds it for unwinding, and remembered
 * as the thread's last one until something may have been unloaded. */
#include "shim/hiders.h"

#include <dlfcn.h>
#include <link.h>
#include <stddef.h>
#include <string.h>

#include "base/bits.h"
#include "trace/modules.h"

/* How the names of their files begin.  Fontconfig's patterns and sets of characters have distances from
 * where they are themselves, SWI-Prolog's terms such from the beginning of a stack or of memory, shifted. */
static const char *const names[] = {"libfontconfig.so", "libswipl.so"};

#ifdef DLFO_STRUCT_HAS_EH_DBASE /* as of glibc 2.35 */

struct library {
    uintptr_t low;
    size_t bytes;
    uint32_t changes; /* modules_changes when it was found */
    bool hides;
};

static __thread struct library last __attribute__((tls_model("initial-exec")));

static bool is_hider(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strncmp(name, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

NOINLINE static bool look(uintptr_t address)
{
    struct dl_find_object found;
    uint32_t changes = RACING(modules_changes);
    if (_dl_find_object((void *)address, &found) != 0)
        return false;
    last = (struct library){
        .low = (uintptr_t)found.dlfo_map_start,
        .bytes = (size_t)((char *)found.dlfo_map_end - (char *)found.dlfo_map_start),
        .changes = changes,
        .hides = is_hider(found.dlfo_link_map->l_name),
    };
    return last.hides;
}

bool hiders_have(uintptr_t address)
{
    if (LIKELY(address - last.low < last.bytes &&
               last.changes == RACING(modules_changes)))
        return last.hides;
    return look(address);
}

#else

bool hiders_have(uintptr_t address)
{
    (void)address;
    return false;
}

#endif
