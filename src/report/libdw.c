/* A guest in the program (guest.h). */
#include "report/libdw.h"

#include <dlfcn.h>

#include "base/lock.h"
#include "report/guest.h"

struct libdw dw PRIVATE_DATA;

static bool load(void)
{
    void *library = guest_open("libdw.so.1");
    if (!library)
        return false;
#define LIBDW_LOAD(name)                                  \
    dw.name = (__typeof__(dw.name))dlsym(library, #name); \
    if (!dw.name)                                         \
        return false;
    LIBDW_FUNCTIONS(LIBDW_LOAD)
    return true;
}

bool libdw_load(void)
{
    lock_check_held(RANK_REPORT);
    if (!dw.tried) {
        dw.tried = true;
        dw.loaded = load();
    }
    return dw.loaded;
}
